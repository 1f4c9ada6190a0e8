//! [`Progress`] is how far a reader has read the feeds.

use std::fmt;
use std::str::FromStr;

use super::prefix::FEEDS;
use crate::digest::digest;
use crate::error::BoxError;

/// The number of an entry of a stream: its time in milliseconds by the clock of Redis, and its
/// place among the entries of that millisecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Number(pub(super) u64, pub(super) u64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

impl FromStr for Number {
    type Err = BoxError;

    fn from_str(text: &str) -> Result<Self, BoxError> {
        let (time, sequence) = text
            .split_once('-')
            .ok_or("the number of an entry has two parts")?;
        Ok(Self(time.parse()?, sequence.parse()?))
    }
}

/// The run of a server as a primary, and its database. It changes after a restart, a failover or a
/// `FLUSHALL`, when entries may be gone, and when a feed moves to another node of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct History(u64);

impl History {
    pub(super) fn of(run: &str, role: &str, born: &str) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = digest("history", format!("{run}/{role}/{born}"));
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }
}

/// The last entry of each feed that was read, and the history that it belongs to. A feed of which
/// nothing was read yet fits any history.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Progress([(Option<History>, Number); FEEDS]);

impl Progress {
    /// Makes the progress of a reader who has read all entries up to this one, of any history.
    pub(super) fn after(number: Number) -> Self {
        Self([(None, number); FEEDS])
    }

    pub(super) fn number(&self, feed: usize) -> Number {
        self.0[feed].1
    }

    /// Returns whether what was read of this feed belongs to this history.
    pub(super) fn fits(&self, feed: usize, history: History) -> bool {
        self.0[feed].0.is_none_or(|known| known == history)
    }

    pub(super) fn read_to(&mut self, feed: usize, history: History, last: Option<Number>) {
        let (known, number) = &mut self.0[feed];
        *known = Some(history);
        *number = last.unwrap_or(*number);
    }
}

/// Writes the progress as a cursor.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (history, number)) in self.0.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            let history = history.map_or(0, |history| history.0);
            write!(f, "{gap}{history:x}/{number}")?;
        }
        Ok(())
    }
}

impl FromStr for Progress {
    type Err = BoxError;

    fn from_str(cursor: &str) -> Result<Self, BoxError> {
        let read = |text: &str| -> Result<_, BoxError> {
            let (history, number) = text
                .split_once('/')
                .ok_or("a place in a feed has a history and a number")?;
            let history = History(u64::from_str_radix(history, 16)?);
            Ok((Some(history), number.parse()?))
        };
        let places: Vec<_> = cursor.split(' ').map(read).collect::<Result<_, _>>()?;
        let places = places
            .try_into()
            .map_err(|_| "a cursor has a place in each feed")?;
        Ok(Self(places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let mut progress = Progress::default();
        let history = History::of("run", "role", "born");
        for feed in 0..FEEDS {
            progress.read_to(feed, history, None);
        }
        progress.read_to(3, history, Some(Number(1_800_000_000_000, 7)));
        let read: Progress = progress.to_string().parse().unwrap();
        assert_eq!(read, progress);
        assert!(read.fits(3, history));
        assert!(!read.fits(3, History::of("another run", "role", "born")));
    }

    #[test]
    fn what_is_no_cursor_is_an_error() {
        let places = "1f/1-1 ".repeat(FEEDS);
        let places = places.trim_end();
        assert!(places.parse::<Progress>().is_ok());
        for cursor in [
            "",
            " ",
            "1f/1-1",
            &format!("{places} 1f/1-1"),
            &places.replace("1-1", "1-x"),
            &places.replace("1f", "run"),
            &places.replace('/', ""),
        ] {
            assert!(cursor.parse::<Progress>().is_err(), "{cursor:?} was taken");
        }
    }
}

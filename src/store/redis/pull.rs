//! [`pull`] reads a page of the feed.

use super::connection::{Connection, IS_REPLICA};
use super::feed::{self, PAGE, Reading};
use super::link::Link;
use super::prefix::KeyPrefix;
use super::progress::Progress;
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::store::feed::{Cursor, REVOCATIONS_AT_ONCE, RevocationPage};

/// Reads entries after what is known, or from the beginning, in several round trips.
pub(super) async fn pull(
    connection: &Connection,
    prefix: &KeyPrefix,
    known: Option<Progress>,
) -> Result<RevocationPage, BoxError> {
    let mut complete = known.is_none();
    let mut progress: Progress = known.unwrap_or_default();
    let (mut revoked, mut link) = (Vec::new(), connection.any());
    'again: loop {
        let (mut more, mut store_time) = (false, None);
        for Part {
            feeds,
            reading,
            beside,
        } in read(&mut link, prefix, &progress).await?
        {
            if reading.is_replica {
                connection.set_replica(true);
                return Err(IS_REPLICA.into());
            }
            let Some(history) = reading.history else {
                feed::begin_history(&mut link, prefix, beside).await?;
                continue 'again;
            };
            if !feeds.iter().all(|feed| progress.fits(*feed, history)) {
                // The store may have been set back, so the feeds are read from the beginning.
                progress = Progress::default();
                revoked.clear();
                complete = true;
                continue 'again;
            }
            for (feed, entries) in feeds.iter().zip(reading.entries) {
                progress.read_to(*feed, history, entries.last().map(|entry| entry.number));
                more |= entries.len() == PAGE;
                revoked.extend(entries.iter().filter_map(feed::Entry::revocation));
            }
            store_time = slower(store_time, reading.store_time);
        }
        if !more || revoked.len() >= REVOCATIONS_AT_ONCE {
            let mut page = RevocationPage::new(revoked, Cursor::new(progress.to_string()));
            (page.complete, page.more) = (complete, more);
            page.store_time = store_time;
            return Ok(page);
        }
    }
}

/// Returns the slower of two clocks. The clean-up goes by it, so that no entry of a node whose
/// clock is behind is deleted early.
fn slower(one: Option<Timestamp>, other: Timestamp) -> Option<Timestamp> {
    Some(one.map_or(other, |one| one.min(other)))
}

/// What one server has answered.
struct Part {
    /// Its feeds, or one of them.
    feeds: Vec<usize>,
    reading: Reading,
    /// The feed beside which the history is.
    beside: usize,
}

/// Reads the next entries of all feeds.
async fn read(
    link: &mut Link,
    prefix: &KeyPrefix,
    progress: &Progress,
) -> Result<Vec<Part>, BoxError> {
    let mut parts = Vec::new();
    for feeds in link.feeds(prefix).await? {
        let beside = feeds[0];
        if !link.slots_move() {
            match feed::read(link, prefix, &feeds, progress).await {
                Err(error) if link.note_move(&error) => {}
                answers => {
                    let reading = feed::reading(answers?)?;
                    parts.push(Part {
                        feeds,
                        reading,
                        beside,
                    });
                    continue;
                }
            }
        }
        let answers = feed::read_apart(link, prefix, &feeds, progress).await?;
        for (feed, answers) in feeds.into_iter().zip(answers) {
            parts.push(Part {
                feeds: vec![feed],
                reading: feed::reading(answers)?,
                beside,
            });
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_a_cluster_is_that_of_its_slowest_node() {
        let [early, late] = [5, 9].map(Timestamp::from_secs);
        assert_eq!(slower(None, late), Some(late));
        assert_eq!(slower(Some(late), early), Some(early));
        assert_eq!(slower(Some(early), late), Some(early));
    }
}

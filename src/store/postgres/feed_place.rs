//! [`FeedPlace`] is a place in the feed, which a cursor says.

use std::fmt;

use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Uuid;

use crate::error::BoxError;

/// How far a reader has read the feed.
///
/// Pages are in the order of the ids, each of its own snapshot. So a page may lack an entry that
/// came between two of them. Its number is `next` or above, which the reading after the last page
/// begins with.
pub(super) struct FeedPlace {
    /// Changes whenever the feed may have been set back.
    history: String,
    /// The first transaction that the first page may lack entries of.
    next: u64,
    /// The reading of several pages that goes on.
    on: Option<Uuid>,
    /// The first transaction that the reading has entries of, or `None` if it has all entries.
    pub(super) since: Option<u64>,
}

impl FeedPlace {
    /// Reads a cursor, or returns `None` if it was not made here: `history-next`, or for the next
    /// one of several pages `history-next-since-on`, where `since` may be empty.
    pub(super) fn read(cursor: &str) -> Option<Self> {
        let mut parts = cursor.split('-');
        let (history, next) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        let (since, on) = match (parts.next(), parts.next(), parts.next()) {
            (None, None, None) => (Some(next), None),
            (Some(""), Some(on), None) => (None, Some(on.parse().ok()?)),
            (Some(since), Some(on), None) => (Some(since.parse().ok()?), Some(on.parse().ok()?)),
            _ => return None,
        };
        Some(Self {
            history,
            next,
            on,
            since,
        })
    }

    /// Returns the place after a page that was read at `before`. `more` is its last entry, if there
    /// are more pages.
    pub(super) fn after(
        row: &PgRow,
        before: Option<&Self>,
        more: Option<Uuid>,
    ) -> Result<Self, BoxError> {
        let here: u64 = row.try_get::<&str, _>("next")?.parse()?;
        let goes_on = before.filter(|place| place.on.is_some());
        Ok(Self {
            history: row.try_get("history")?,
            next: goes_on.map_or(here, |place| place.next),
            on: more,
            since: before.and_then(|place| place.since),
        })
    }

    /// Returns whether the feed was not set back since.
    pub(super) fn is_known(&self, row: &PgRow) -> Result<bool, BoxError> {
        let same_history = row.try_get::<&str, _>("history")? == self.history;
        Ok(same_history && (self.since.is_none() || row.try_get("known")?))
    }

    /// Returns the entry at which the next page begins. Its first one may be a repetition.
    pub(super) fn from(&self) -> Uuid {
        self.on.unwrap_or_default()
    }
}

/// Writes the place as a cursor.
impl fmt::Display for FeedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.history, self.next)?;
        let Some(on) = &self.on else { return Ok(()) };
        f.write_str("-")?;
        if let Some(since) = self.since {
            write!(f, "{since}")?;
        }
        write!(f, "-{}", on.simple())
    }
}

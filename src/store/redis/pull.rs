//! [`pull`] reads a page of the feed.

use super::connection::{Connection, IS_REPLICA};
use super::feed::{self, PAGE, Progress};
use super::prefix::KeyPrefix;
use crate::error::BoxError;
use crate::store::feed::{Cursor, REVOCATIONS_AT_ONCE, RevocationPage};

/// Reads entries after the cursor, or from the beginning, in several round trips.
pub(super) async fn pull(
    connection: &Connection,
    prefix: &KeyPrefix,
    cursor: Option<Cursor>,
) -> Result<RevocationPage, BoxError> {
    let known = cursor.and_then(|cursor| cursor.as_str().parse().ok());
    let mut complete = known.is_none();
    let mut progress = known.unwrap_or_else(|| Progress::start(None));
    let mut revoked = Vec::new();
    let mut reader = connection.any();
    loop {
        let reading = feed::read(&mut reader, prefix, &progress.last).await?;
        if reading.is_replica {
            connection.set_replica(true);
            return Err(IS_REPLICA.into());
        }
        let Some(history) = reading.history else {
            feed::begin_history(&mut reader, prefix).await?;
            continue;
        };
        if progress
            .history
            .as_ref()
            .is_some_and(|known| *known != history)
        {
            // The store may have been set back, so the feed is read from the beginning.
            progress = Progress::start(Some(history));
            revoked.clear();
            complete = true;
            continue;
        }
        progress.history = Some(history);
        let mut more = false;
        for (last, entries) in progress.last.iter_mut().zip(reading.feeds) {
            *last = entries.last().map_or(*last, |entry| entry.number);
            more |= entries.len() == PAGE;
            revoked.extend(entries.iter().filter_map(feed::Entry::revocation));
        }
        if !more || revoked.len() >= REVOCATIONS_AT_ONCE {
            let mut page = RevocationPage::new(revoked, Cursor::new(progress.to_string()));
            (page.complete, page.more) = (complete, more);
            page.store_time = Some(reading.store_time);
            return Ok(page);
        }
    }
}

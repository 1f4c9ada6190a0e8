//! [`Feed`] reads the store's revocations into this process.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Timestamp};
use crate::error::BoxError;
use crate::names::SessionId;
use crate::revocation::{RevocationSource, Revocations};
use crate::store::{Cursor, RevocationPage, SessionStore, StoreError};

/// Reads the store's revocations, and compares the store's clock with that of this process.
pub(super) struct Feed {
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) clock: Arc<dyn Clock>,
    /// How far the store's revocations have been read.
    cursor: Mutex<Option<Cursor>>,
    /// By how many milliseconds the store's clock is ahead.
    clock_offset: AtomicI64,
    /// Whether the log says that the clocks differ.
    told: AtomicBool,
}

impl Feed {
    pub(super) fn new(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            cursor: Mutex::default(),
            clock_offset: AtomicI64::new(UNKNOWN),
            told: AtomicBool::new(false),
        }
    }

    /// Asks the store which sessions were revoked since the last pull, and gives back the
    /// revocations that it has lost.
    pub(super) async fn pull(&self, revocations: &Revocations) -> Result<(), StoreError> {
        let cursor = self
            .cursor
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let (pull, asked_at) = (revocations.begin_pull(), self.clock.now());
        let page = self.store.revoked_since(cursor).await;
        pull.has_ended();
        let page = page?;
        if let Some(store_time) = page.store_time {
            self.compare_clocks(asked_at, store_time);
        }
        let lost = pull.answered(&page.revoked, page.complete).await;
        self.tell_what_was_lost(&lost).await?;
        self.go_on_from(page);
        Ok(())
    }

    /// Returns by how many milliseconds the store's clock was ahead of that of this process at the
    /// last pull. It is `None` if there was no pull, or if the store has no clock of its own.
    pub(super) fn clock_offset(&self) -> Option<i64> {
        Some(self.clock_offset.load(Ordering::Relaxed)).filter(|&offset| offset != UNKNOWN)
    }

    /// Deletes expired rows, by the slower of the two clocks, so that no live session is deleted
    /// where one clock is far ahead.
    pub(super) async fn delete_expired(&self) -> Result<u64, StoreError> {
        let behind = self
            .clock_offset()
            .map_or(0, |offset| offset.min(0).unsigned_abs());
        let now = Timestamp::from_millis(self.clock.now().as_millis().saturating_sub(behind));
        Ok(self.store.delete_expired(now).await?.count())
    }

    /// Revokes sessions again whose revocation the store has lost, through a restart that lost
    /// writes, a failover, or a restored backup. So a revocation is kept for as long as one process
    /// lives that knows of it.
    async fn tell_what_was_lost(&self, lost: &[SessionId]) -> Result<(), StoreError> {
        if lost.is_empty() {
            return Ok(());
        }
        self.store.assert_revoked(lost, self.clock.now()).await?;
        tracing::warn!(
            revocations = lost.len(),
            "the store had lost revocations, and has them again. It may have been restored from a \
             backup"
        );
        Ok(())
    }

    /// Moves the cursor. This comes last: if telling the store fails, the next pull starts from the
    /// same cursor, and finds the lost revocations again.
    fn go_on_from(&self, page: RevocationPage) {
        // Of two pulls at once, the earlier one may finish last. Then the next one repeats a
        // little.
        *self.cursor.lock().unwrap_or_else(PoisonError::into_inner) = Some(page.cursor);
    }

    fn compare_clocks(&self, asked_at: Timestamp, store_time: Timestamp) {
        let answered_at = self.clock.now();
        let here = asked_at + answered_at.saturating_since(asked_at) / 2;
        // Timestamps are never above `i64::MAX`.
        let offset = (store_time.as_millis() as i64).saturating_sub(here.as_millis() as i64);
        self.clock_offset.store(offset, Ordering::Relaxed);
        let differ = offset.unsigned_abs() > MAX_DIFFERENCE.as_millis() as u64;
        if differ != self.told.swap(differ, Ordering::Relaxed) {
            if differ {
                tracing::warn!(
                    store_ahead_by_ms = offset,
                    "this process's clock and the store's clock differ by more than five seconds"
                );
            } else {
                tracing::info!(
                    store_ahead_by_ms = offset,
                    "this process's clock and the store's clock agree again"
                );
            }
        }
    }
}

impl RevocationSource for Arc<Feed> {
    fn load<'a>(
        &'a self,
        revocations: &'a Revocations,
    ) -> Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send + 'a>> {
        Box::pin(async { self.pull(revocations).await.map_err(Into::into) })
    }
}

const UNKNOWN: i64 = i64::MIN;
/// A smaller difference takes at most a sixth of the default overlap.
const MAX_DIFFERENCE: Duration = Duration::from_secs(5);

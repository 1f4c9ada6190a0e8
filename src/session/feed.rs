//! [`Feed`] reads the store's revocations into this process.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::clock::{Clock, Timestamp};
use crate::error::BoxError;
use crate::limits::{PULL_DEADLINE, with_timeout};
use crate::names::SessionId;
use crate::revocation::{Comparison, Pull, RevocationSource, Revocations};
use crate::store::{Cursor, RevocationPage, SessionStore, StoreError};

/// Reads the store's revocations, and compares the store's clock with that of this process.
pub(super) struct Feed {
    pub(super) store: Arc<dyn SessionStore>,
    pub(super) clock: Arc<dyn Clock>,
    /// Where the next reading begins.
    start: Mutex<Start>,
    /// A reading of several pages. Of several pulls at once, each reads the next page, so that what
    /// one of them has read is kept when its time is up.
    reading: tokio::sync::Mutex<Option<Reading>>,
    /// By how many milliseconds the store's clock is ahead.
    clock_offset: AtomicI64,
    /// Whether the log says that the clocks differ.
    told: AtomicBool,
}

/// Where a reading begins.
#[derive(Clone, Default)]
struct Start {
    /// How far the store's revocations have been read, or `None` for the beginning.
    cursor: Option<Cursor>,
    /// Whether the store may have been set back since then, and so this is read twice.
    was_set_back: bool,
}

/// A reading of the store's revocations, up to its last page.
struct Reading {
    /// When the store was asked for the first page, by the monotonic clock.
    asked: Duration,
    /// What was known then, if the pages have everything that the store has.
    comparison: Option<Comparison>,
    /// The end of the last page.
    cursor: Option<Cursor>,
    /// Whether the store may have been set back, because it did not know a cursor.
    was_set_back: bool,
}

impl Feed {
    pub(super) fn new(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            start: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            clock_offset: AtomicI64::new(UNKNOWN),
            told: AtomicBool::new(false),
        }
    }

    /// Asks the store which sessions were revoked since the last pull, and gives back the
    /// revocations that it has lost. Each page has its own deadline, and so has what is given back.
    pub(super) async fn pull(
        self: &Arc<Self>,
        revocations: &Revocations,
    ) -> Result<(), StoreError> {
        loop {
            // A page that others began to read before this call may lack what was revoked since.
            self.read_to_the_end(revocations).await?;
            let start = self
                .start
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            let first = self.read(revocations, Reading::from(start));
            let Some(reading) = first.await? else {
                return Ok(());
            };
            let mut shared = self.reading.lock().await;
            if shared.is_none() {
                *shared = Some(reading);
                drop(shared);
                return self.read_to_the_end(revocations).await;
            }
        }
    }

    fn is_reading(&self) -> bool {
        // The lock is held while a page is read.
        self.reading
            .try_lock()
            .map_or(true, |reading| reading.is_some())
    }

    /// Reads all pages of a reading of several pages, if there is one. A caller that is dropped
    /// leaves the page that it reads to its task, so that requests which give up do not hold it up.
    async fn read_to_the_end(
        self: &Arc<Self>,
        revocations: &Revocations,
    ) -> Result<(), StoreError> {
        while self.is_reading() {
            let (feed, revocations) = (Arc::clone(self), revocations.clone());
            let read = async move { feed.read_on(&revocations).await };
            match Handle::try_current() {
                Ok(runtime) => runtime
                    .spawn(read)
                    .await
                    .map_err(|panicked| StoreError::new("feed", panicked))??,
                Err(_) => read.await?,
            }
        }
        Ok(())
    }

    /// Reads the next page of a reading of several pages.
    async fn read_on(&self, revocations: &Revocations) -> Result<(), StoreError> {
        let mut shared = self.reading.lock().await;
        if let Some(reading) = &mut *shared
            && self.read_page(revocations, reading).await?
        {
            *shared = None;
        }
        Ok(())
    }

    /// Reads a page, and returns the reading unless that was the last page.
    async fn read(
        &self,
        revocations: &Revocations,
        mut reading: Reading,
    ) -> Result<Option<Reading>, StoreError> {
        let is_over = self.read_page(revocations, &mut reading).await?;
        Ok((!is_over).then_some(reading))
    }

    /// Reads a page, and returns whether it was the last one. A page that is given up midway is
    /// read again.
    async fn read_page(
        &self,
        revocations: &Revocations,
        reading: &mut Reading,
    ) -> Result<bool, StoreError> {
        let pull = revocations.begin_pull();
        let page = self.ask_for_page(revocations, reading, &pull);
        let page = with_timeout(PULL_DEADLINE, page).await?;
        drop(pull);
        if page.more {
            reading.cursor = Some(page.cursor);
            return Ok(false);
        }
        revocations.set_current_to(reading.asked);
        if let Some(comparison) = &reading.comparison {
            let lost = revocations.lost(comparison).await;
            if !lost.is_empty() {
                // As after a failure, also if the caller is dropped meanwhile.
                self.begin_at(None, true);
            }
            // It has a deadline of its own, until which the pulls pause.
            let telling = revocations.begin_pull();
            let told = with_timeout(PULL_DEADLINE, self.tell_what_was_lost(&lost)).await;
            telling.has_ended();
            drop(telling);
            if let Err(error) = told {
                // All pages again, to find the lost revocations again. The store may have been set
                // back once more in the meantime, which a reading from the beginning does not
                // notice.
                (reading.cursor, reading.was_set_back) = (None, true);
                self.begin_at(None, true);
                return Err(error);
            }
        }
        // What was revoked while this reading began may be lost too, and was not compared. So the
        // next pull reads everything once more.
        self.begin_at(Some(page.cursor).filter(|_| !reading.was_set_back), false);
        Ok(true)
    }

    /// Asks the store for a page, and enters what is on it.
    async fn ask_for_page(
        &self,
        revocations: &Revocations,
        reading: &mut Reading,
        pull: &Pull<'_>,
    ) -> Result<RevocationPage, StoreError> {
        let (before, asked_at) = (revocations.compare(), self.clock.now());
        let page = self.store.revoked_since(reading.cursor.clone()).await;
        pull.has_ended();
        let page = page?;
        if let Some(store_time) = page.store_time {
            self.compare_clocks(asked_at, store_time);
        }
        if page.complete {
            reading.comparison = Some(before);
            reading.was_set_back |= reading.cursor.is_some();
        } else {
            // Every list that the page replaces would be there twice.
            drop(before);
        }
        if page.complete || reading.asked == NOT_YET {
            reading.asked = pull.asked();
        }
        revocations
            .enter_page(&page.revoked, reading.comparison.as_mut())
            .await;
        Ok(page)
    }

    /// Returns by how many milliseconds the store's clock was ahead of that of this process at the
    /// last pull. It is `None` if there was no pull, or if the store has no clock of its own.
    pub(super) fn clock_offset(&self) -> Option<i64> {
        Some(self.clock_offset.load(Ordering::Relaxed)).filter(|&offset| offset != UNKNOWN)
    }

    /// Deletes expired rows, by the slower of the two clocks, so that no live session is deleted
    /// where one clock is far ahead. So are short-lived things that have ended.
    pub(super) async fn delete_expired(&self) -> Result<u64, StoreError> {
        let behind = self
            .clock_offset()
            .map_or(0, |offset| offset.min(0).unsigned_abs());
        let now = Timestamp::from_millis(self.clock.now().as_millis().saturating_sub(behind));
        let deleted = self.store.delete_expired(now).await?.count();
        self.store.ephemeral().delete_ended(now).await?;
        Ok(deleted)
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

    fn begin_at(&self, cursor: Option<Cursor>, was_set_back: bool) {
        // Of two pulls at once, the earlier one may finish last. Then the next one repeats a
        // little.
        *self.start.lock().unwrap_or_else(PoisonError::into_inner) = Start {
            cursor,
            was_set_back,
        };
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

impl Reading {
    fn from(start: Start) -> Self {
        Self {
            asked: NOT_YET,
            comparison: None,
            cursor: start.cursor,
            was_set_back: start.was_set_back,
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

const NOT_YET: Duration = Duration::MAX;
const UNKNOWN: i64 = i64::MIN;
/// A smaller difference takes at most a sixth of the default overlap.
const MAX_DIFFERENCE: Duration = Duration::from_secs(5);

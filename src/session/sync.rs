//! The background tasks of a process: they pull revocations from the store, and write receipts to it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::sleep;

use super::background::Background;
use crate::clock::Clock;
use crate::deadline::within;
use crate::error::BoxError;
use crate::store::{Cursor, SessionStore, StoreError};
use crate::token::{Receipt, Receipts, RevocationSource, Revocations, StartSync};

/// What keeps this process and its store in step.
///
/// The tasks start at first use, and again if they ended: with their runtime, or by a panic of the store. They stop when the last handle is
/// dropped. Without a runtime there are none: receipts are then dropped, and other processes' revocations are seen only at the start.
pub(crate) struct StoreSync {
    feed: Arc<Feed>,
    revocations: Revocations,
    receipts: Receipts,
    /// Held while receipts are written, so that `flush` waits for those that the task has taken.
    writing: tokio::sync::Mutex<()>,
    writer: Background,
    puller: Background,
}

impl StoreSync {
    pub(super) fn new(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let feed = Arc::new(Feed { store, cursor: Mutex::default() });
        let revocations = Revocations::new(clock, Arc::clone(&feed));
        Arc::new(Self {
            feed,
            revocations,
            receipts: Receipts::default(),
            writing: tokio::sync::Mutex::default(),
            writer: Background::default(),
            puller: Background::default(),
        })
    }

    pub(super) fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    pub(super) fn receipts(&self) -> &Receipts {
        &self.receipts
    }

    /// Asks the store what was revoked since the last time.
    pub(super) async fn pull(&self) -> Result<(), StoreError> {
        self.feed.pull(&self.revocations).await
    }

    /// Writes everything that is queued. Where the store fails, the rest of the batch is left to the next access tokens.
    pub(super) async fn write_receipts(&self) -> Result<(), StoreError> {
        let _writing = self.writing.lock().await;
        let mut batch = Batch { receipts: &self.receipts, left: self.receipts.take() };
        while let Some(receipt) = batch.left.last() {
            in_time(self.feed.store.confirm(&receipt.id, receipt.generation)).await?;
            batch.left.pop();
        }
        Ok(())
    }

    async fn write_receipts_as_they_arrive(sync: Weak<Self>, receipts: Receipts) {
        loop {
            receipts.arrived().await;
            let Some(sync) = sync.upgrade() else { return };
            if let Err(error) = sync.write_receipts().await {
                tracing::warn!(cause = &error as &dyn std::error::Error, "receipts were not written");
            }
        }
    }

    /// By itself, so that no receipt keeps a logout waiting.
    async fn pull_every_second(sync: Weak<Self>) {
        loop {
            sleep(PULL_EVERY).await;
            let Some(sync) = sync.upgrade() else { return };
            if let Err(error) = in_time(sync.pull()).await {
                tracing::warn!(cause = &error as &dyn std::error::Error, "revocations were not pulled");
            }
        }
    }
}

impl StartSync for StoreSync {
    fn is_running(&self) -> bool {
        self.writer.is_running() && self.puller.is_running()
    }

    fn start(self: Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else { return };
        self.writer.start(&runtime, || Self::write_receipts_as_they_arrive(Arc::downgrade(&self), self.receipts.clone()));
        self.puller.start(&runtime, || Self::pull_every_second(Arc::downgrade(&self)));
    }
}

impl fmt::Debug for StoreSync {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreSync")
            .field("store", &self.feed.store)
            .field("revocations", &self.revocations)
            .field("receipts", &self.receipts)
            .finish_non_exhaustive()
    }
}

/// The store's revocations, and how far they have been read.
struct Feed {
    store: Arc<dyn SessionStore>,
    cursor: Mutex<Option<Cursor>>,
}

impl Feed {
    async fn pull(&self, revocations: &Revocations) -> Result<(), StoreError> {
        let cursor = self.cursor.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let page = self.store.revoked_since(cursor).await?;
        revocations.extend(page.revoked);
        // Of two pulls at once the earlier may come last: the next one then repeats a little.
        *self.cursor.lock().unwrap_or_else(PoisonError::into_inner) = Some(page.cursor);
        Ok(())
    }
}

impl RevocationSource for Arc<Feed> {
    fn load<'a>(&'a self, revocations: &'a Revocations) -> Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send + 'a>> {
        Box::pin(async { self.pull(revocations).await.map_err(Into::into) })
    }
}

/// Receipts that were taken from the queue. What is left of them at the end, whatever ended it, is forgotten, so that it comes again.
struct Batch<'a> {
    receipts: &'a Receipts,
    left: Vec<Receipt>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.left.drain(..).for_each(|receipt| self.receipts.forget(receipt));
    }
}

/// Nothing in the background waits for a store that hangs.
async fn in_time(work: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
    within(DEADLINE, work).await.unwrap_or_else(|elapsed| Err(StoreError::new("session", elapsed)))
}

const PULL_EVERY: Duration = Duration::from_secs(1);
/// More than a store takes that works.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

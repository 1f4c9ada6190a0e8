//! The background task of a process: it pulls revocations from the store, and writes receipts to it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::bearer::Start;
use crate::clock::Clock;
use crate::error::BoxError;
use crate::store::{Cursor, SessionStore, StoreError};
use crate::token::{Receipts, RevocationSource, Revocations};

/// What keeps this process and its store in step.
///
/// The task starts at first use, and again if the runtime it ran on is gone. It stops when the last handle is dropped. Without a runtime
/// there is none: receipts are then dropped, and other processes' revocations are seen only at the start.
pub(crate) struct StoreSync {
    feed: Arc<Feed>,
    revocations: Revocations,
    receipts: Receipts,
    /// Held while receipts are written, so that `flush` waits for those that the task has taken.
    writing: tokio::sync::Mutex<()>,
    task: Mutex<Option<JoinHandle<()>>>,
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
            task: Mutex::default(),
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

    /// Writes everything that is queued.
    pub(super) async fn write_receipts(&self) -> Result<(), StoreError> {
        let _writing = self.writing.lock().await;
        let mut outcome = Ok(());
        for receipt in self.receipts.take() {
            if let Err(error) = self.feed.store.confirm(&receipt.id, receipt.generation).await {
                self.receipts.forget(receipt);
                outcome = Err(error);
            }
        }
        outcome
    }

    async fn run(sync: Weak<Self>, receipts: Receipts) {
        let mut next_pull = Instant::now() + PULL_EVERY;
        loop {
            let due = timeout(next_pull.saturating_duration_since(Instant::now()), receipts.arrived()).await.is_err();
            let Some(sync) = sync.upgrade() else { return };
            if let Err(error) = sync.write_receipts().await {
                tracing::warn!(cause = &error as &dyn std::error::Error, "receipts were not written");
            }
            if due {
                if let Err(error) = sync.pull().await {
                    tracing::warn!(cause = &error as &dyn std::error::Error, "revocations were not pulled");
                }
                next_pull = Instant::now() + PULL_EVERY;
            }
        }
    }
}

impl Start for StoreSync {
    fn start(self: Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            *task = Some(runtime.spawn(Self::run(Arc::downgrade(&self), self.receipts.clone())));
        }
    }
}

impl Drop for StoreSync {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
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

const PULL_EVERY: Duration = Duration::from_secs(1);

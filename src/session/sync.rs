//! The background tasks of a process: they pull revocations from the store, and write receipts to it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::clock::Clock;
use crate::error::BoxError;
use crate::store::{Cursor, SessionStore, StoreError};
use crate::token::{Receipts, RevocationSource, Revocations, StartSync};

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
    tasks: Mutex<Vec<JoinHandle<()>>>,
    /// Of the tasks that were started last: false as soon as one of them has ended. Each start has a flag of its own.
    running: RwLock<Arc<AtomicBool>>,
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
            tasks: Mutex::default(),
            running: RwLock::default(),
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
        let mut batch = self.receipts.take().into_iter();
        while let Some(receipt) = batch.next() {
            let written = in_time(self.feed.store.confirm(&receipt.id, receipt.generation)).await;
            if written.is_err() {
                batch.chain([receipt]).for_each(|receipt| self.receipts.forget(receipt));
                return written;
            }
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
        self.running.read().unwrap_or_else(PoisonError::into_inner).load(Ordering::Relaxed)
    }

    fn start(self: Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_running() {
            tasks.drain(..).for_each(|task| task.abort());
            let running = Arc::new(AtomicBool::new(true));
            *self.running.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&running);
            let receipts = Self::write_receipts_as_they_arrive(Arc::downgrade(&self), self.receipts.clone());
            tasks.push(runtime.spawn(watched(Arc::clone(&running), receipts)));
            tasks.push(runtime.spawn(watched(running, Self::pull_every_second(Arc::downgrade(&self)))));
        }
    }
}

impl Drop for StoreSync {
    fn drop(&mut self) {
        self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner).iter().for_each(JoinHandle::abort);
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

/// Lowers the flag when the task ends, however that happens.
fn watched(running: Arc<AtomicBool>, task: impl Future<Output = ()>) -> impl Future<Output = ()> {
    struct Flag(Arc<AtomicBool>);

    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(false, Ordering::Relaxed);
        }
    }

    let flag = Flag(running);
    async move {
        let _flag = flag;
        task.await;
    }
}

/// Nothing in the background waits for a store that hangs.
async fn in_time(work: impl Future<Output = Result<(), StoreError>>) -> Result<(), StoreError> {
    timeout(DEADLINE, work).await.unwrap_or_else(|elapsed| Err(StoreError::new("session", elapsed)))
}

const PULL_EVERY: Duration = Duration::from_secs(1);
const DEADLINE: Duration = Duration::from_secs(5);

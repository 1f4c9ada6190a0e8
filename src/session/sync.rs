//! The background tasks of a process: they pull revocations from the store, listen for
//! announcements, write receipts, and clean up.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::feed::Feed;
use crate::clock::Clock;
use crate::limits::PULL_DEADLINE;
use crate::limits::with_timeout;
use crate::revocation::{Receipt, Receipts, Revocations, StartSync};
use crate::store::{Announcements, SessionStore, StoreError};
use crate::task::{Background, FailureLog};

/// What keeps this process and its store in step.
///
/// The tasks start at first use, and again if they ended: with their runtime, or by a panic of the
/// store. They stop when the last handle is dropped. Without a runtime there are none: receipts are
/// then dropped, and other processes' revocations are seen only at the start.
pub(crate) struct StoreSync {
    feed: Arc<Feed>,
    revocations: Revocations,
    receipts: Receipts,
    /// Held while receipts are written, so that `flush` waits for those that the task has taken.
    writing: tokio::sync::Mutex<()>,
    /// Rings when the store announces something.
    announced: Arc<Notify>,
    writer: Background,
    puller: Background,
    listener: Background,
    cleaner: Background,
}

impl StoreSync {
    pub(super) fn new(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>) -> Arc<Self> {
        let feed = Arc::new(Feed::new(store, Arc::clone(&clock)));
        let revocations = Revocations::new(clock, Arc::clone(&feed));
        Arc::new(Self {
            feed,
            revocations,
            receipts: Receipts::default(),
            writing: tokio::sync::Mutex::default(),
            announced: Arc::default(),
            writer: Background::default(),
            puller: Background::default(),
            listener: Background::default(),
            cleaner: Background::default(),
        })
    }

    pub(super) fn revocations(&self) -> &Revocations {
        &self.revocations
    }

    pub(super) fn receipts(&self) -> &Receipts {
        &self.receipts
    }

    pub(super) fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Asks the store what was revoked since the last time.
    pub(super) async fn pull(&self) -> Result<(), StoreError> {
        self.feed.pull(&self.revocations).await
    }

    /// Writes everything that is queued. Where the store fails, the rest of the batch is left to
    /// the next access tokens.
    pub(super) async fn write_receipts(&self) -> Result<(), StoreError> {
        let _writing = self.writing.lock().await;
        let mut batch = Batch {
            receipts: &self.receipts,
            left: self.receipts.take(),
        };
        while let Some(receipt) = batch.left.last() {
            with_timeout(
                DEADLINE,
                self.feed.store.confirm(&receipt.id, receipt.generation),
            )
            .await?;
            batch.left.pop();
        }
        Ok(())
    }

    async fn write_receipts_as_they_arrive(sync: Weak<Self>, receipts: Receipts) {
        let mut failures = FailureLog::of("receipts were not written");
        loop {
            receipts.arrived().await;
            let Some(sync) = sync.upgrade() else { return };
            failures.note(sync.write_receipts().await);
        }
    }

    /// Every second, and when the store announces something. By itself, so that no receipt keeps a
    /// logout waiting.
    async fn pull_revocations(sync: Weak<Self>, announced: Arc<Notify>) {
        let mut failures = FailureLog::of("revocations were not pulled");
        loop {
            // An announcement that came meanwhile waits here.
            let _ = timeout(PULL_EVERY - BETWEEN_PULLS, announced.notified()).await;
            let Some(sync) = sync.upgrade() else { return };
            failures.note(with_timeout(PULL_DEADLINE, sync.pull()).await);
            drop(sync);
            // Many that log out at once make few pulls.
            sleep(BETWEEN_PULLS).await;
        }
    }

    /// What is announced while nobody listens is lost, so each subscription begins with a pull.
    async fn listen_for_announcements(store: Arc<dyn SessionStore>, announced: Arc<Notify>) {
        let mut failures =
            FailureLog::of("announcements do not arrive; revocations are pulled every second");
        loop {
            match with_timeout(DEADLINE, store.announcements()).await {
                // There is nothing to do here for as long as the process lives.
                Ok(None) => return std::future::pending().await,
                Ok(Some(mut announcements)) => {
                    failures.note(Ok::<(), StoreError>(()));
                    announced.notify_one();
                    failures.note(hand_on(&mut *announcements, &announced).await);
                }
                Err(error) => failures.note(Err(error)),
            }
            announced.notify_one();
            sleep(PULL_EVERY).await;
        }
    }

    /// Deletes what ended long ago. Not before the store has said what time it is there.
    pub(super) async fn delete_expired(&self) -> Result<u64, StoreError> {
        if self.revocations.lag().is_none() {
            with_timeout(PULL_DEADLINE, self.pull()).await?;
        }
        with_timeout(CLEAN_UP_DEADLINE, self.feed.delete_expired()).await
    }

    /// Now and then. Each process does, and not all at the same time.
    async fn clean_up(sync: Weak<Self>) {
        let mut failures = FailureLog::of("expired sessions were not deleted");
        sleep(CLEAN_UP_FIRST.mul_f64(1.0 + random_share())).await;
        loop {
            let Some(sync) = sync.upgrade() else { return };
            failures.note(sync.delete_expired().await.map(|deleted| {
                if deleted > 0 {
                    tracing::info!(deleted, "expired sessions were deleted");
                }
            }));
            drop(sync);
            sleep(CLEAN_UP_EVERY).await;
        }
    }
}

/// Rings for each announcement, until the subscription is gone.
async fn hand_on(
    announcements: &mut dyn Announcements,
    announced: &Notify,
) -> Result<(), StoreError> {
    loop {
        announcements.next().await?;
        announced.notify_one();
    }
}

/// From 0 to 1. Where the system has no randomness, processes do the same at the same time, and
/// that is all.
fn random_share() -> f64 {
    f64::from(getrandom::u32().unwrap_or(0)) / f64::from(u32::MAX)
}

impl StartSync for StoreSync {
    fn is_running(&self) -> bool {
        [&self.writer, &self.puller, &self.listener, &self.cleaner]
            .into_iter()
            .all(Background::is_running)
    }

    fn start(self: Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        self.writer.start(&runtime, || {
            Self::write_receipts_as_they_arrive(Arc::downgrade(&self), self.receipts.clone())
        });
        self.puller.start(&runtime, || {
            Self::pull_revocations(Arc::downgrade(&self), Arc::clone(&self.announced))
        });
        let (store, announced) = (Arc::clone(&self.feed.store), Arc::clone(&self.announced));
        self.listener.start(&runtime, || {
            Self::listen_for_announcements(store, announced)
        });
        self.cleaner
            .start(&runtime, || Self::clean_up(Arc::downgrade(&self)));
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

/// Receipts that were taken from the queue. What is left of them at the end, whatever ended it, is
/// forgotten, so that it comes again.
struct Batch<'a> {
    receipts: &'a Receipts,
    left: Vec<Receipt>,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.left
            .drain(..)
            .for_each(|receipt| self.receipts.forget(receipt));
    }
}

/// How long a logout takes to reach this process where nothing announces it.
const PULL_EVERY: Duration = Duration::from_secs(1);
/// At most twenty pulls a second, whatever is announced.
const BETWEEN_PULLS: Duration = Duration::from_millis(50);
/// More than a store takes that works.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);
/// The first time after one to two times this.
const CLEAN_UP_FIRST: Duration = Duration::from_secs(300);
const CLEAN_UP_EVERY: Duration = Duration::from_secs(3600);
/// What is left then is left to the next time.
const CLEAN_UP_DEADLINE: Duration = Duration::from_secs(600);

//! The background tasks of a process, which pull revocations from the store, listen for
//! announcements, write receipts, and delete expired rows.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, timeout};

use super::feed::Feed;
use super::idle::{IdlePulls, PULL_EVERY};
use crate::clock::Clock;
use crate::limits::with_timeout;
use crate::revocation::{Receipt, Receipts, Revocations, StartSync};
use crate::store::{Announcements, SessionStore, StoreError};
use crate::task::{Background, FailureLog, first_of};

/// Keeps this process and its store in step.
///
/// The tasks start at first use, and again if they have ended with their runtime, or through a
/// panic of the store. They stop when the last handle is dropped. Outside a runtime there are no
/// tasks: receipts are then dropped, and the revocations of other processes are seen when a request
/// asks.
pub(crate) struct StoreSync {
    feed: Arc<Feed>,
    revocations: Revocations,
    receipts: Receipts,
    /// Held while receipts are written, so that `flush` waits for those that the task has taken.
    writing: tokio::sync::Mutex<()>,
    /// Is notified when the store announces something.
    announced: Arc<Notify>,
    idle: IdlePulls,
    writer: Background,
    puller: Background,
    listener: Background,
    cleaner: Background,
}

impl StoreSync {
    pub(super) fn new(
        store: Arc<dyn SessionStore>,
        clock: Arc<dyn Clock>,
        idle: IdlePulls,
    ) -> Arc<Self> {
        let feed = Arc::new(Feed::new(store, Arc::clone(&clock)));
        let revocations = Revocations::new(clock, Arc::clone(&feed));
        Arc::new(Self {
            feed,
            revocations,
            receipts: Receipts::default(),
            writing: tokio::sync::Mutex::default(),
            announced: Arc::default(),
            idle,
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

    /// Asks the store which sessions were revoked since the last pull.
    pub(super) async fn pull(&self) -> Result<(), StoreError> {
        self.feed.pull(&self.revocations).await
    }

    /// Writes all queued receipts, several in each call. If the store fails, the rest is dropped,
    /// and the next access tokens of these sessions queue it again.
    pub(super) async fn write_receipts(&self) -> Result<(), StoreError> {
        let _writing = self.writing.lock().await;
        let mut batch = Batch {
            receipts: &self.receipts,
            left: self.receipts.take(),
        };
        while !batch.left.is_empty() {
            let written = batch.left.len().saturating_sub(RECEIPTS_AT_ONCE);
            let receipts = &batch.left[written..];
            with_timeout(DEADLINE, self.feed.store.confirm_all(receipts)).await?;
            batch.left.truncate(written);
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

    /// Pulls revocations every second, and when the store announces something. Without requests it
    /// pulls as rarely as the setting says, until a request has pulled by itself. This is a task of
    /// its own, so that receipts cannot delay a logout.
    async fn pull_revocations(
        sync: Weak<Self>,
        announced: Arc<Notify>,
        mut resting: watch::Receiver<bool>,
    ) {
        let mut failures = FailureLog::of("revocations were not pulled");
        let (mut used_at, mut pause) = (Instant::now(), Pause::UntilThePull);
        loop {
            // An announcement that came in the meantime ends this wait at once.
            let woken = match pause {
                Pause::UntilThePull => {
                    let _ = timeout(PULL_EVERY - BETWEEN_PULLS, announced.notified()).await;
                    Ok(())
                }
                Pause::Resting(every) => {
                    let awake = resting.wait_for(|resting| !resting);
                    let woken = first_of(announced.notified(), awake);
                    match every {
                        Some(every) => timeout(every, woken).await.unwrap_or(Ok(())),
                        None => woken.await,
                    }
                    .map_err(drop)
                }
            };
            let Some(sync) = sync.upgrade() else { return };
            if woken.is_err() {
                used_at = Instant::now();
                pause = Pause::UntilThePull;
                // The request has pulled. A watch has not.
                if sync.revocations.lag().is_some_and(|lag| lag < PULL_EVERY) {
                    continue;
                }
            }
            failures.note(sync.pull().await);
            pause = sync.pause(&mut used_at);
            drop(sync);
            // So many logouts at once cause few pulls.
            sleep(BETWEEN_PULLS).await;
        }
    }

    fn pause(&self, used_at: &mut Instant) -> Pause {
        if self.revocations.take_use() {
            *used_at = Instant::now();
        }
        if used_at.elapsed() >= self.idle.after && self.revocations.rest() {
            return Pause::Resting(self.idle.every);
        }
        Pause::UntilThePull
    }

    /// Waits for announcements. An announcement without a subscription is lost, so each
    /// subscription begins with a pull.
    async fn listen_for_announcements(
        store: Arc<dyn SessionStore>,
        announced: Arc<Notify>,
        mut wanted: Wanted,
    ) {
        let mut failures =
            FailureLog::of("announcements do not arrive; revocations are pulled every second");
        loop {
            wanted.begin().await;
            match with_timeout(DEADLINE, store.announcements()).await {
                // This store never announces anything.
                Ok(None) => loop {
                    wanted.end().await;
                    store.rest().await;
                    wanted.begin().await;
                },
                Ok(Some(mut announcements)) => {
                    failures.note(Ok::<(), StoreError>(()));
                    announced.notify_one();
                    let lost = hand_on(&mut *announcements, &announced);
                    match first_of(lost, wanted.end()).await {
                        Ok(lost) => failures.note(lost),
                        Err(()) => {
                            drop(announcements);
                            store.rest().await;
                            continue;
                        }
                    }
                }
                Err(error) => failures.note(Err(error)),
            }
            announced.notify_one();
            sleep(PULL_EVERY).await;
        }
    }

    /// Deletes rows that ended long ago, once the time of the store is known.
    pub(super) async fn delete_expired(&self) -> Result<u64, StoreError> {
        if self.revocations.lag().is_none() {
            self.pull().await?;
        }
        with_timeout(CLEAN_UP_DEADLINE, self.feed.delete_expired()).await
    }

    /// Deletes expired rows, mostly every hour. Every process does this, but not all at the same
    /// time.
    async fn clean_up(sync: Weak<Self>, every: Duration, mut wanted: Wanted) {
        let mut failures = FailureLog::of("expired sessions were not deleted");
        sleep(CLEAN_UP_FIRST.mul_f64(1.0 + random_share())).await;
        loop {
            wanted.begin().await;
            let Some(sync) = sync.upgrade() else { return };
            failures.note(sync.delete_expired().await.map(|deleted| {
                if deleted > 0 {
                    tracing::info!(deleted, "expired sessions were deleted");
                }
            }));
            drop(sync);
            sleep(every).await;
        }
    }
}

/// What comes after a pull.
#[derive(Clone, Copy)]
enum Pause {
    /// The next pull, a second later.
    UntilThePull,
    /// A request, which pulls by itself. Until then a pull each time this has passed, or none.
    Resting(Option<Duration>),
}

/// Says when announcements and clean-ups are wanted: always, or only while there are requests.
struct Wanted {
    resting: watch::Receiver<bool>,
    always: bool,
}

impl Wanted {
    async fn begin(&mut self) {
        if !self.always {
            let _ = self.resting.wait_for(|resting| !resting).await;
        }
    }

    async fn end(&mut self) {
        if self.always || self.resting.wait_for(|resting| *resting).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Passes each announcement on, until the subscription fails.
async fn hand_on(
    announcements: &mut dyn Announcements,
    announced: &Notify,
) -> Result<(), StoreError> {
    loop {
        announcements.next().await?;
        announced.notify_one();
    }
}

/// Returns a random number from 0 to 1. Without randomness processes only do the same at the same
/// time.
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
            let resting = self.revocations.resting();
            Self::pull_revocations(Arc::downgrade(&self), Arc::clone(&self.announced), resting)
        });
        let wanted = || Wanted {
            resting: self.revocations.resting(),
            always: self.idle.every.is_some(),
        };
        let (store, announced) = (Arc::clone(&self.feed.store), Arc::clone(&self.announced));
        self.listener.start(&runtime, || {
            Self::listen_for_announcements(store, announced, wanted())
        });
        let every = self.feed.store.clean_up_interval();
        self.cleaner.start(&runtime, || {
            Self::clean_up(Arc::downgrade(&self), every, wanted())
        });
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

/// Receipts that were taken from the queue. Those that were not written are forgotten in the end,
/// however it ends, so that they are queued again.
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

/// The receipts in one call of the store, which has the [`DEADLINE`] for them.
const RECEIPTS_AT_ONCE: usize = 64;
/// The pause between two pulls. So there are at most twenty pulls a second, whatever is announced.
const BETWEEN_PULLS: Duration = Duration::from_millis(50);
/// The deadline for other calls of the store. A working store needs less.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);
/// The first clean-up comes after one to two times this.
const CLEAN_UP_FIRST: Duration = Duration::from_secs(300);
/// The deadline for a clean-up. The next one deletes the rest.
const CLEAN_UP_DEADLINE: Duration = Duration::from_secs(600);

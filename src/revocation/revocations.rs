//! [`Revocations`] are the sessions whose access tokens no longer count, as this process knows
//! them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::Instant;

use super::entry::Revocation;
use super::part::as_millis;
use super::pulse::Pulse;
use super::set::{Comparison, Page, RevokedSet};
use super::usage::Usage;
use crate::clock::Clock;
use crate::error::BoxError;
use crate::limits::{PULL_DEADLINE, with_timeout};
use crate::names::SessionId;

/// The sessions that were revoked within the [retention](crate::limits::REVOCATION_RETENTION), held
/// in memory.
///
/// Every request and every refresh looks here. The set has to be loaded once before it counts, and
/// until then no request passes. The caller says how old it may be.
#[derive(Clone)]
pub(crate) struct Revocations(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    source: Box<dyn RevocationSource>,
    revoked: RevokedSet,
    /// The monotonic moment, in milliseconds, up to which every revocation is in the set. The set
    /// is filled before this number is raised.
    current_to: AtomicU64,
    /// Held during a load.
    loading: Mutex<()>,
    /// The number of loads that failed.
    failures: AtomicU64,
    usage: Usage,
    pulse: Pulse,
}

/// The source of the revocations, which is a store.
pub(crate) trait RevocationSource: Send + Sync {
    /// Enters everything that the store has into `revocations`.
    fn load<'a>(
        &'a self,
        revocations: &'a Revocations,
    ) -> Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send + 'a>>;
}

impl Revocations {
    pub(crate) fn new(clock: Arc<dyn Clock>, source: impl RevocationSource + 'static) -> Self {
        Self(Arc::new(Inner {
            clock,
            source: Box::new(source),
            revoked: RevokedSet::default(),
            current_to: AtomicU64::new(NEVER),
            loading: Mutex::default(),
            failures: AtomicU64::new(0),
            usage: Usage::default(),
            pulse: Pulse::default(),
        }))
    }

    /// Returns whether the set was loaded, is not older than `max_lag`, and is kept up to date.
    pub(crate) fn is_current(&self, max_lag: Option<Duration>) -> bool {
        let now = self.0.clock.monotonic();
        self.0.usage.note() && self.0.pulse.is_steady(now) && self.is_within(max_lag, now)
    }

    fn is_within(&self, max_lag: Option<Duration>, now: Duration) -> bool {
        match (self.lag_at(now), max_lag) {
            (None, _) => false,
            (_, None) => true,
            (Some(lag), Some(max_lag)) => lag <= max_lag,
        }
    }

    /// Returns how old the set is, or `None` if it was never loaded.
    pub(crate) fn lag(&self) -> Option<Duration> {
        self.lag_at(self.0.clock.monotonic())
    }

    fn lag_at(&self, now: Duration) -> Option<Duration> {
        match self.0.current_to.load(Ordering::Acquire) {
            NEVER => None,
            current_to => {
                let lag = as_millis(now).saturating_sub(current_to);
                Some(Duration::from_millis(lag))
            }
        }
    }

    /// Returns whether the set was used since the last call.
    pub(crate) fn take_use(&self) -> bool {
        self.0.usage.take()
    }

    /// Says that the set is no longer kept up to date, so that the next request loads it. Returns
    /// false if it was used in the meantime.
    pub(crate) fn rest(&self) -> bool {
        self.0.usage.rest()
    }

    /// Returns whether the set rests, for those that wait for a change.
    pub(crate) fn resting(&self) -> watch::Receiver<bool> {
        self.0.usage.resting()
    }

    /// Keeps the set up to date for as long as the value lives, and tells when this session is
    /// revoked.
    pub(crate) fn watch(&self, id: SessionId) -> Watching {
        self.0.usage.watch();
        Watching {
            revoked: self.0.revoked.part(&id).watched.join(&id),
            revocations: self.clone(),
            id,
        }
    }

    /// Waits until the set is current, for less than ten seconds. Of several callers at once, one
    /// asks the store. If that fails, it fails for all of them. If that caller is dropped, the next
    /// one asks. What a caller has read is kept, even if its time is up before it has read all.
    pub(crate) async fn load(&self, max_lag: Option<Duration>) -> Result<(), BoxError> {
        if self.is_current(max_lag) {
            return Ok(());
        }
        let (begun, failures) = (Instant::now(), self.0.failures.load(Ordering::Relaxed));
        let turn = async { Ok::<_, BoxError>(self.0.loading.lock().await) };
        let _loading = with_timeout(PULL_DEADLINE, turn).await?;
        if self.is_current(max_lag) {
            return Ok(());
        }
        if self.0.failures.load(Ordering::Relaxed) != failures {
            return Err("the store failed another request, for which this one waited".into());
        }
        let left = PULL_DEADLINE.saturating_sub(begun.elapsed());
        let loaded = with_timeout(left, self.0.source.load(self)).await;
        self.0.usage.wake();
        if loaded.is_err() && self.is_within(max_lag, self.0.clock.monotonic()) {
            // The store has just begun to fail, or the set has rested meanwhile.
            return Ok(());
        }
        if loaded.is_err() {
            self.0.failures.fetch_add(1, Ordering::Relaxed);
        }
        loaded
    }

    pub(crate) fn contains(&self, id: &SessionId) -> bool {
        self.0.revoked.contains(id)
    }

    /// Enters a session that this process has revoked.
    pub(crate) fn enter(&self, id: SessionId) {
        let revocation = Revocation::new(id, Duration::ZERO);
        self.0.revoked.enter(&revocation, self.0.clock.monotonic());
    }

    /// Begins a pull, which is a question to the store.
    pub(crate) fn begin_pull(&self) -> Pull<'_> {
        let asked = self.0.clock.monotonic();
        self.0.pulse.begin(asked);
        Pull {
            revocations: self,
            asked,
            has_ended: AtomicBool::new(false),
        }
    }

    /// Begins a comparison of what is known now with everything that the store has.
    pub(crate) fn compare(&self) -> Comparison {
        self.0.revoked.compare()
    }

    /// Returns what the store has lost, after all pages.
    pub(crate) async fn lost(&self, comparison: &Comparison) -> Vec<SessionId> {
        comparison.lacking(self.0.clock.monotonic()).await
    }

    /// Enters the sessions of a page, and forgets those whose last access token has expired.
    pub(crate) async fn enter_page(
        &self,
        revoked: &[Revocation],
        comparison: Option<&mut Comparison>,
    ) {
        let page = Page::of(revoked).await;
        if let Some(comparison) = comparison {
            comparison.saw(&page).await;
        }
        self.0.revoked.extend(&page, self.0.clock.monotonic()).await;
    }

    /// Notes that the set has every session that was revoked before the monotonic moment `asked`.
    pub(crate) fn set_current_to(&self, asked: Duration) {
        let asked = as_millis(asked);
        // Of two pulls at once, the earlier one may finish last.
        let later = |current_to| (current_to == NEVER || current_to < asked).then_some(asked);
        // An error means that the number was higher already.
        let _ = self
            .0
            .current_to
            .fetch_update(Ordering::Release, Ordering::Relaxed, later);
    }
}

/// A use of the revocations that lasts, because it waits until a session is revoked.
pub(crate) struct Watching {
    revocations: Revocations,
    id: SessionId,
    /// Is notified when the session is revoked.
    revoked: Arc<Notify>,
}

impl Watching {
    /// Returns a future that is ready once the session has been revoked after this call.
    pub(crate) fn revoked(&self) -> Notified<'_> {
        self.revoked.notified()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let inner = &*self.revocations.0;
        inner.usage.unwatch();
        inner.revoked.part(&self.id).watched.leave(&self.id);
    }
}

/// A question to the store.
pub(crate) struct Pull<'a> {
    revocations: &'a Revocations,
    /// When it was asked, by the monotonic clock.
    asked: Duration,
    /// Whether the store has answered, or failed.
    has_ended: AtomicBool,
}

impl Pull<'_> {
    /// Notes that the store has answered, or failed.
    pub(crate) fn has_ended(&self) {
        self.has_ended.store(true, Ordering::Relaxed);
    }

    /// Returns when the store was asked, by the monotonic clock.
    pub(crate) fn asked(&self) -> Duration {
        self.asked
    }
}

/// A pull that is dropped before its deadline, because a client has hung up, says nothing of the
/// store: the next request asks again.
impl Drop for Pull<'_> {
    fn drop(&mut self) {
        let inner = &*self.revocations.0;
        let now = inner.clock.monotonic();
        let was_late = now.saturating_sub(self.asked) >= PULL_DEADLINE;
        if was_late || self.has_ended.load(Ordering::Relaxed) {
            inner.pulse.end(self.asked, now);
        }
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revocations")
            .field("lag", &self.lag())
            .field("revoked", &self.0.revoked.len())
            .finish()
    }
}

const NEVER: u64 = u64::MAX;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;
    use crate::clock::SystemClock;

    struct NoSource;

    impl RevocationSource for NoSource {
        fn load<'a>(
            &'a self,
            _: &'a Revocations,
        ) -> Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send + 'a>> {
            Box::pin(async { Ok(()) })
        }
    }

    /// A pull has a deadline. The next one would not wake them, because it repeats what is known.
    #[tokio::test]
    async fn a_pull_that_is_given_up_midway_wakes_the_watches() {
        let revocations = Revocations::new(Arc::new(SystemClock), NoSource);
        let id = |number: u128| SessionId::from_bytes(number.to_le_bytes());
        let page = (0..20_000).map(|number| Revocation::new(id(number), Duration::ZERO));
        let page: Vec<Revocation> = page.collect();
        let watching = revocations.watch(page[0].id);
        let mut revoked = pin!(watching.revoked());
        revoked.as_mut().enable();
        {
            let mut enters = Box::pin(revocations.enter_page(&page, None));
            let steps = poll_fn(|cx| {
                let is_over = enters.as_mut().poll(cx).is_ready();
                assert!(!is_over, "a page is entered without a pause");
                if revocations.contains(&page[0].id) {
                    return Poll::Ready(());
                }
                Poll::Pending
            });
            steps.await;
        }
        revoked.await;
        assert_eq!(revocations.lag(), None, "half a page was entered");
    }

    #[tokio::test]
    async fn a_watch_is_woken_for_its_own_session_alone() {
        let revocations = Revocations::new(Arc::new(SystemClock), NoSource);
        let id = |number: u128| SessionId::from_bytes(number.to_le_bytes());
        let (one, other) = (revocations.watch(id(1)), revocations.watch(id(2)));
        let again = revocations.watch(id(1));
        let mut woken = [&one, &other, &again].map(|watching| Box::pin(watching.revoked()));
        woken
            .iter_mut()
            .for_each(|woken| _ = woken.as_mut().enable());
        revocations.enter(id(1));
        let others = (3..2000).map(|number| Revocation::new(id(number), Duration::ZERO));
        revocations
            .enter_page(&others.collect::<Vec<_>>(), None)
            .await;
        let woken = woken.iter_mut().map(|woken| woken.as_mut().enable());
        assert_eq!(woken.collect::<Vec<_>>(), [true, false, true]);
    }
}

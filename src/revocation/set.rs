//! [`Revocations`] are the sessions whose access tokens no longer count, as this process knows
//! them.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::futures::Notified;
use tokio::sync::{Mutex, Notify, watch};

use super::usage::Usage;
use crate::clock::Clock;
use crate::error::BoxError;
use crate::limits::{PULL_DEADLINE, REFRESH_DEADLINE, REVOCATION_RETENTION, with_timeout};
use crate::names::SessionId;

/// The sessions that were revoked within the [retention](REVOCATION_RETENTION), held in memory.
///
/// Every request and every refresh looks here. The set has to be loaded once before it counts, and
/// until then no request passes. The caller says how old it may be.
#[derive(Clone)]
pub(crate) struct Revocations(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    source: Box<dyn RevocationSource>,
    revoked: RwLock<RevokedSet>,
    /// The monotonic moment, in milliseconds, up to which every revocation is in the set. The set
    /// is filled before this number is raised.
    current_to: AtomicU64,
    /// Held during a load.
    loading: Mutex<()>,
    /// The number of loads that failed.
    failures: AtomicU64,
    usage: Usage,
    /// Wakes the watches of access tokens, which wait for their session to be revoked.
    changed: Notify,
}

#[derive(Default)]
struct RevokedSet {
    known: HashMap<SessionId, Known>,
    /// When each session is forgotten, the next one first. A session whose time was put off is here
    /// twice.
    ends: BinaryHeap<Reverse<(Duration, SessionId)>>,
    /// The number of sessions that were ever entered.
    entered: u64,
}

struct Known {
    /// When the session is forgotten, by the monotonic clock: a jump of the time of day must not
    /// make a revoked token valid again.
    until: Duration,
    /// The number of sessions that were entered before this one.
    number: u64,
}

/// A revoked session in a store's feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revocation {
    /// The session.
    pub id: SessionId,
    /// How long the session has been in the feed, by the store's clock, not by that of the revoking
    /// process. It must never be larger than that, because processes forget a revocation that is as
    /// old as the [retention](crate::store::REVOCATION_RETENTION). [`Duration::ZERO`] is always
    /// safe.
    pub age: Duration,
}

impl Revocation {
    /// Makes a revocation of this session, which has been in the feed for `age`.
    #[must_use]
    pub const fn new(id: SessionId, age: Duration) -> Self {
        Self { id, age }
    }
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
            revoked: RwLock::default(),
            current_to: AtomicU64::new(NEVER),
            loading: Mutex::default(),
            failures: AtomicU64::new(0),
            usage: Usage::default(),
            changed: Notify::new(),
        }))
    }

    /// Returns whether the set was loaded, is not older than `max_lag`, and is kept up to date.
    pub(crate) fn is_current(&self, max_lag: Option<Duration>) -> bool {
        self.0.usage.note() && self.is_within(max_lag)
    }

    fn is_within(&self, max_lag: Option<Duration>) -> bool {
        match (self.0.current_to.load(Ordering::Acquire), max_lag) {
            (NEVER, _) => false,
            (_, None) => true,
            (current_to, Some(max_lag)) => self.since(current_to) <= max_lag,
        }
    }

    /// Returns how old the set is, or `None` if it was never loaded.
    pub(crate) fn lag(&self) -> Option<Duration> {
        match self.0.current_to.load(Ordering::Acquire) {
            NEVER => None,
            current_to => Some(self.since(current_to)),
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

    /// Keeps the set up to date for as long as the value lives.
    pub(crate) fn watch(&self) -> Watching {
        self.0.usage.watch();
        Watching(self.clone())
    }

    /// Waits until the set is current. Of several callers at once, one asks the store. If that
    /// fails, it fails for all of them. If that caller is dropped, the next one asks.
    pub(crate) async fn load(&self, max_lag: Option<Duration>) -> Result<(), BoxError> {
        if self.is_current(max_lag) {
            return Ok(());
        }
        // The wait for other callers is limited too, so that no request waits without end for a
        // store that hangs.
        with_timeout(REFRESH_DEADLINE, async {
            let failures = self.0.failures.load(Ordering::Relaxed);
            let _loading = self.0.loading.lock().await;
            if self.is_current(max_lag) {
                return Ok(());
            }
            if self.0.failures.load(Ordering::Relaxed) != failures {
                return Err("the store failed another request, for which this one waited".into());
            }
            let loaded = with_timeout(PULL_DEADLINE, self.0.source.load(self)).await;
            self.0.usage.wake();
            if loaded.is_err() && self.is_within(max_lag) {
                // The store has just begun to fail, or the set has rested meanwhile.
                return Ok(());
            }
            if loaded.is_err() {
                self.0.failures.fetch_add(1, Ordering::Relaxed);
            }
            loaded
        })
        .await
    }

    pub(crate) fn contains(&self, id: &SessionId) -> bool {
        self.0
            .revoked
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .known
            .contains_key(id)
    }

    /// Enters sessions, and forgets those whose last access token has expired. The lock is released
    /// in between, so that requests go on.
    pub(crate) fn extend(&self, revoked: &[Revocation]) {
        let now = self.0.clock.monotonic();
        self.0
            .revoked
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .forget(now);
        let entered = self.entered();
        for some in revoked.chunks(AT_ONCE) {
            let mut set = self
                .0
                .revoked
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            for &Revocation { id, age } in some {
                set.enter(id, now + REVOCATION_RETENTION.saturating_sub(age));
            }
        }
        // A pull also repeats sessions that are known. Watches are only woken for new ones.
        if self.entered() != entered {
            self.0.changed.notify_waiters();
        }
    }

    /// Returns a future that is ready once sessions have been entered after this call.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.0.changed.notified()
    }

    /// Returns how many sessions were ever entered, for [`lacking`](Self::lacking).
    pub(crate) fn entered(&self) -> u64 {
        self.0
            .revoked
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .entered
    }

    /// Returns which of the first `entered` sessions `revoked` lacks, except those whose time to be
    /// forgotten has come.
    pub(crate) fn lacking(&self, revoked: &[Revocation], entered: u64) -> Vec<SessionId> {
        let revoked: HashSet<SessionId> = revoked.iter().map(|revocation| revocation.id).collect();
        let set = self
            .0
            .revoked
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let now = self.0.clock.monotonic();
        let before = set
            .known
            .iter()
            .filter(|(_, known)| known.number < entered && known.until > now);
        before
            .map(|(id, _)| *id)
            .filter(|id| !revoked.contains(id))
            .collect()
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

    fn since(&self, current_to: u64) -> Duration {
        Duration::from_millis(as_millis(self.0.clock.monotonic()).saturating_sub(current_to))
    }
}

/// A use of the revocations that lasts.
pub(crate) struct Watching(Revocations);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.0.usage.unwatch();
    }
}

impl RevokedSet {
    fn enter(&mut self, id: SessionId, until: Duration) {
        match self.known.entry(id) {
            Entry::Vacant(unknown) => {
                unknown.insert(Known {
                    until,
                    number: self.entered,
                });
                self.entered += 1;
            }
            // A repeated session keeps its time.
            Entry::Occupied(known) if until <= known.get().until + REPEATED => return,
            // After a backup was restored, the session was revoked again: its time starts anew.
            Entry::Occupied(mut known) => known.get_mut().until = until,
        }
        self.ends.push(Reverse((until, id)));
    }

    fn forget(&mut self, now: Duration) {
        while let Some(&Reverse((until, id))) = self.ends.peek()
            && until <= now
        {
            self.ends.pop();
            if self.known.get(&id).is_some_and(|known| known.until <= now) {
                self.known.remove(&id);
            }
        }
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let revoked = self
            .0
            .revoked
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .known
            .len();
        f.debug_struct("Revocations")
            .field("lag", &self.lag())
            .field("revoked", &revoked)
            .finish()
    }
}

fn as_millis(moment: Duration) -> u64 {
    u64::try_from(moment.as_millis()).unwrap_or(NEVER - 1)
}

const NEVER: u64 = u64::MAX;
/// How many sessions are entered at once, while requests wait for the lock.
const AT_ONCE: usize = 4096;
/// The age of a repeated session may differ by this much, because of clocks and slow pages.
const REPEATED: Duration = Duration::from_secs(60);

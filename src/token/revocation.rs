//! [`Revocations`]: the sessions whose access tokens no longer count, in this process.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::session_id::SessionId;
use super::verifier::AccessTokenVerifier;
use crate::clock::Clock;
use crate::deadline::within;
use crate::error::BoxError;

/// The sessions that were revoked within the [retention](REVOCATION_RETENTION): asked in memory at every request, and at every refresh.
///
/// It has to be loaded before the first answer counts; until then nobody passes.
#[derive(Clone)]
pub(crate) struct Revocations(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    source: Box<dyn RevocationSource>,
    loaded: OnceCell<()>,
    revoked: RwLock<Revoked>,
}

#[derive(Default)]
struct Revoked {
    ids: HashSet<SessionId>,
    /// By the monotonic clock: a jump of the time of day brings no token back to life.
    until: VecDeque<(Duration, SessionId)>,
}

/// Fills the set for the first time.
pub(crate) trait RevocationSource: Send + Sync {
    /// Enters everything that the store has into `revocations`.
    fn load<'a>(&'a self, revocations: &'a Revocations) -> Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send + 'a>>;
}

impl Revocations {
    pub(crate) fn new(clock: Arc<dyn Clock>, source: impl RevocationSource + 'static) -> Self {
        Self(Arc::new(Inner { clock, source: Box::new(source), loaded: OnceCell::new(), revoked: RwLock::default() }))
    }

    pub(crate) fn is_loaded(&self) -> bool {
        self.0.loaded.initialized()
    }

    /// Waits for the first load. Of those who come at once one asks the store; if he gives up, the next one does.
    pub(crate) async fn load(&self) -> Result<(), BoxError> {
        // The wait for others is limited too: a store that hangs makes nobody wait for longer than one that fails.
        within(REFRESH_DEADLINE, self.0.loaded.get_or_try_init(|| self.0.source.load(self))).await??;
        Ok(())
    }

    pub(crate) fn contains(&self, id: &SessionId) -> bool {
        self.0.revoked.read().unwrap_or_else(PoisonError::into_inner).ids.contains(id)
    }

    /// Enters sessions, and drops those whose last access token has ended.
    pub(crate) fn extend(&self, ids: impl IntoIterator<Item = SessionId>) {
        let now = self.0.clock.monotonic();
        let mut revoked = self.0.revoked.write().unwrap_or_else(PoisonError::into_inner);
        while revoked.until.front().is_some_and(|&(until, _)| until <= now) {
            if let Some((_, id)) = revoked.until.pop_front() {
                revoked.ids.remove(&id);
            }
        }
        for id in ids {
            if revoked.ids.insert(id) {
                revoked.until.push_back((now + REVOCATION_RETENTION, id));
            }
        }
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let revoked = self.0.revoked.read().unwrap_or_else(PoisonError::into_inner).ids.len();
        f.debug_struct("Revocations").field("loaded", &self.is_loaded()).field("revoked", &revoked).finish()
    }
}

/// The longest lifetime that an access token of a session may have.
pub(crate) const MAX_ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// A refresh that takes longer is given up.
pub(crate) const REFRESH_DEADLINE: Duration = Duration::from_secs(30);

/// How long a revocation is kept, in memory and in stores: as long as an access token of that session may still be accepted.
///
/// That is the longest lifetime which any configuration, earlier ones too, could have given it, the greatest leeway, a refresh that was
/// under way, and a minute: 24 hours, 6 minutes and 30 seconds.
pub const REVOCATION_RETENTION: Duration = Duration::from_secs(
    MAX_ACCESS_TOKEN_LIFETIME.as_secs() + AccessTokenVerifier::MAX_LEEWAY.as_secs() + REFRESH_DEADLINE.as_secs() + 60,
);

//! [`SessionPolicy`] holds the lifetimes of tokens and sessions, and the most sessions of a user.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::error::{ConfigError, Problems};
use crate::limits::{MIN_LIFETIME, is_access_token_lifetime};
use crate::store::Session;

/// The lifetimes of tokens and sessions, and the most sessions that a user has.
///
/// | what | default | why |
/// |---|---|---|
/// | access token | 30 minutes | it is below the hour of RFC 6750 section 5.3, and a revocation does not have to wait for it |
/// | idle timeout | 7 days | a refresh token that is not used for a week is forgotten, or stolen (RFC 9700 section 4.14.2) |
/// | absolute lifetime | 90 days | every session ends at some time (OWASP ASVS 7.3.2) |
/// | sessions of one user | 100 | a program that logs in with each request would fill the store |
/// | overlap | 30 seconds | it covers tabs that refresh at once, and lost responses within the usual timeouts of clients |
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::SessionPolicy;
///
/// let policy = SessionPolicy::default().with_access_token_lifetime(Duration::from_secs(600));
/// ```
///
/// A value out of bounds is refused by [`SessionsBuilder::build`](super::SessionsBuilder::build).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct SessionPolicy {
    pub(super) access_token: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) absolute_lifetime: Duration,
    pub(super) overlap: Duration,
    pub(super) max_sessions: usize,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            access_token: Duration::from_secs(30 * 60),
            idle_timeout: 7 * DAY,
            absolute_lifetime: 90 * DAY,
            overlap: Duration::from_secs(30),
            max_sessions: 100,
        }
    }
}

impl SessionPolicy {
    /// Sets the lifetime of an access token, from one second to 24 hours: revocations are kept for
    /// that long, whatever the policy was before. An access token never outlives its session.
    pub const fn with_access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.access_token = lifetime;
        self
    }

    /// Sets how long a session lives without a refresh, at least one second.
    ///
    /// A change counts at once, for sessions that have begun too. A longer timeout brings sessions
    /// back that answered `session_expired` before, as long as they have a row.
    pub const fn with_idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Sets how long a session lives at most, however often it is refreshed: at least one second.
    ///
    /// A change counts for logins from now on. Sessions keep the end that they have.
    ///
    /// Its row stays until a day after that, even if the idle timeout is over: a shorter lifetime
    /// makes a smaller store.
    pub const fn with_absolute_lifetime(mut self, lifetime: Duration) -> Self {
        self.absolute_lifetime = lifetime;
        self
    }

    /// Sets for how long after a rotation the previous refresh token is still accepted: at most 10
    /// minutes, since a thief is not noticed in that time.
    ///
    /// Choose it well above twice the time that a client waits for a response: a round trip plus
    /// clock skew must stay below half of it.
    ///
    /// An overlap of zero is **strict single use**, which OWASP ASVS 10.4.5 asks for: any second
    /// use ends the session. It logs out honest users whenever two tabs refresh at once, and
    /// whenever a response gets lost.
    pub const fn with_overlap(mut self, overlap: Duration) -> Self {
        self.overlap = overlap;
        self
    }

    /// Sets how many sessions one user has at most, from 1 to 900. A login above that ends the
    /// oldest session, as one that was [replaced](crate::store::RevocationReason::Replaced), and
    /// before it those whose idle timeout is over.
    ///
    /// Of logins at the same moment only so many stay, in all processes together, as long as their
    /// clocks differ by less than a minute. The others receive tokens of a session that has already
    /// ended as replaced.
    pub const fn with_max_sessions(mut self, sessions: usize) -> Self {
        self.max_sessions = sessions;
        self
    }
}

impl SessionPolicy {
    /// Notes each value that is out of bounds.
    pub(super) fn check(&self, problems: &mut Problems) {
        let rules = [
            (
                is_access_token_lifetime(self.access_token),
                "the lifetime of an access token is from one second to 24 hours",
            ),
            (
                self.idle_timeout >= MIN_LIFETIME,
                "the idle timeout of a session is at least one second",
            ),
            (
                self.absolute_lifetime >= MIN_LIFETIME,
                "the absolute lifetime of a session is at least one second",
            ),
            (
                self.overlap <= MAX_OVERLAP,
                "the overlap is at most 10 minutes",
            ),
            // A store lists 1000.
            (
                (1..=900).contains(&self.max_sessions),
                "a user has from 1 to 900 sessions",
            ),
        ];
        for (is_kept, rule) in rules {
            if !is_kept {
                problems.note::<()>(Err(ConfigError::from_static(rule)));
            }
        }
    }
}

/// When the tokens of one response expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) access_token: Timestamp,
    /// When the refresh token expires, if it is not used before.
    pub(super) refresh_token: Timestamp,
    /// When the session ends, however often it is refreshed.
    pub(super) session: Timestamp,
}

impl SessionPolicy {
    /// Returns when tokens that are signed now expire, for a session with this row. Neither token
    /// outlives the session. `lifetime` is that of the grant.
    pub(super) fn ends(
        &self,
        session: &Session,
        lifetime: Option<Duration>,
        now: Timestamp,
    ) -> Ends {
        let refresh_token = self.end(session);
        Ends {
            access_token: refresh_token.min(now + lifetime.unwrap_or(self.access_token)),
            refresh_token,
            session: session.expires_at(),
        }
    }

    /// Returns when the session ends if it is not used before: after its idle timeout or its
    /// absolute lifetime.
    pub(super) fn end(&self, session: &Session) -> Timestamp {
        let idle = session.last_used_at() + session.idle_timeout().unwrap_or(self.idle_timeout);
        session.expires_at().min(idle)
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);

const MAX_OVERLAP: Duration = Duration::from_secs(600);

//! [`SessionPolicy`] holds the lifetimes of tokens and sessions, and the most sessions of a user.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::error::ConfigError;
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
/// let policy = SessionPolicy::default().with_access_token_lifetime(Duration::from_secs(600))?;
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
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
    /// Sets the lifetime of an access token. An access token never outlives its session.
    ///
    /// # Errors
    ///
    /// The lifetime is below one second, or above 24 hours. Revocations are kept for that long,
    /// whatever the policy was before.
    pub fn with_access_token_lifetime(self, lifetime: Duration) -> Result<Self, ConfigError> {
        if !is_access_token_lifetime(lifetime) {
            return Err(ConfigError::new(
                "the lifetime of an access token is from one second to 24 hours",
            ));
        }
        Ok(Self {
            access_token: lifetime,
            ..self
        })
    }

    /// Sets how long a session lives without a refresh.
    ///
    /// # Errors
    ///
    /// The timeout is below one second.
    pub fn with_idle_timeout(self, timeout: Duration) -> Result<Self, ConfigError> {
        if timeout < MIN_LIFETIME {
            return Err(ConfigError::new(
                "the idle timeout of a session is at least one second",
            ));
        }
        Ok(Self {
            idle_timeout: timeout,
            ..self
        })
    }

    /// Sets how long a session lives at most, however often it is refreshed.
    ///
    /// Its row stays until a day after that, even if the idle timeout is over: a shorter lifetime
    /// makes a smaller store.
    ///
    /// # Errors
    ///
    /// The lifetime is below one second.
    pub fn with_absolute_lifetime(self, lifetime: Duration) -> Result<Self, ConfigError> {
        if lifetime < MIN_LIFETIME {
            return Err(ConfigError::new(
                "the absolute lifetime of a session is at least one second",
            ));
        }
        Ok(Self {
            absolute_lifetime: lifetime,
            ..self
        })
    }

    /// Sets for how long after a rotation the previous refresh token is still accepted.
    ///
    /// Choose it well above twice the time that a client waits for a response: a round trip plus
    /// clock skew must stay below half of it.
    ///
    /// An overlap of zero is **strict single use**, which OWASP ASVS 10.4.5 asks for: any second
    /// use ends the session. It logs out honest users whenever two tabs refresh at once, and
    /// whenever a response gets lost.
    ///
    /// # Errors
    ///
    /// The overlap is above 10 minutes, in which a thief would not be noticed.
    pub fn with_overlap(self, overlap: Duration) -> Result<Self, ConfigError> {
        if overlap > Duration::from_secs(600) {
            return Err(ConfigError::new("the overlap is at most 10 minutes"));
        }
        Ok(Self { overlap, ..self })
    }
}

impl SessionPolicy {
    /// Sets how many sessions one user has at most. A login above that ends the oldest session, as
    /// one that was [replaced](crate::store::RevocationReason::Replaced), and before it those whose
    /// idle timeout is over.
    ///
    /// Of logins at the same moment only so many stay, in all processes together, as long as their
    /// clocks differ by less than a minute. The others receive tokens of a session that has already
    /// ended as replaced.
    ///
    /// # Errors
    ///
    /// The number is not from 1 to 900.
    pub fn with_max_sessions(self, sessions: usize) -> Result<Self, ConfigError> {
        // A store lists 1000.
        if !(1..=900).contains(&sessions) {
            return Err(ConfigError::new("a user has from 1 to 900 sessions"));
        }
        Ok(Self {
            max_sessions: sessions,
            ..self
        })
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

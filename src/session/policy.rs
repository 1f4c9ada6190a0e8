//! [`SessionPolicy`]: how long things live.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::error::ConfigError;
use crate::limits::{MIN_LIFETIME, is_access_token_lifetime};
use crate::store::Session;

/// How long tokens and sessions live.
///
/// | what | default | why |
/// |---|---|---|
/// | access token | 30 minutes | below the hour of RFC 6750 section 5.3; a revocation does not have to wait for it |
/// | idle timeout | 7 days | a refresh token that nobody uses for a week is forgotten, or stolen (RFC 9700 section 4.14.2) |
/// | absolute lifetime | 90 days | no session lasts for ever (OWASP ASVS 7.3.2) |
/// | overlap | 30 seconds | tabs that refresh at once, and answers that get lost, within the time limits of usual clients |
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
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            access_token: Duration::from_secs(30 * 60),
            idle_timeout: 7 * DAY,
            absolute_lifetime: 90 * DAY,
            overlap: Duration::from_secs(30),
        }
    }
}

impl SessionPolicy {
    /// How long an access token lives. It never outlives its session.
    ///
    /// # Errors
    ///
    /// Less than a second, or more than 24 hours: for so long a revocation is kept, whatever the
    /// policy was before.
    pub fn with_access_token_lifetime(self, lifetime: Duration) -> Result<Self, ConfigError> {
        if !is_access_token_lifetime(lifetime) {
            return Err(ConfigError::new(
                "an access token lives from one second to 24 hours",
            ));
        }
        Ok(Self {
            access_token: lifetime,
            ..self
        })
    }

    /// How long a session lives that is not refreshed.
    ///
    /// # Errors
    ///
    /// Less than a second.
    pub fn with_idle_timeout(self, timeout: Duration) -> Result<Self, ConfigError> {
        if timeout < MIN_LIFETIME {
            return Err(ConfigError::new(
                "the idle timeout of a session is at least a second",
            ));
        }
        Ok(Self {
            idle_timeout: timeout,
            ..self
        })
    }

    /// How long a session lives in all, however often it is refreshed.
    ///
    /// # Errors
    ///
    /// Less than a second.
    pub fn with_absolute_lifetime(self, lifetime: Duration) -> Result<Self, ConfigError> {
        if lifetime < MIN_LIFETIME {
            return Err(ConfigError::new("a session lives for at least a second"));
        }
        Ok(Self {
            absolute_lifetime: lifetime,
            ..self
        })
    }

    /// For how long after a rotation the refresh token before it is answered without question.
    ///
    /// Choose it well above twice the time that a client waits for an answer: a round trip
    /// plus clock skew must stay below half of it. Nothing is **strict single use**, which OWASP ASVS 10.4.5 asks for: any second use ends the session. It logs
    /// honest users out: whenever two tabs refresh at once, and whenever an answer gets lost.
    ///
    /// # Errors
    ///
    /// More than 10 minutes: for so long a thief would go unnoticed.
    pub fn with_overlap(self, overlap: Duration) -> Result<Self, ConfigError> {
        if overlap > Duration::from_secs(600) {
            return Err(ConfigError::new("the overlap is 10 minutes at most"));
        }
        Ok(Self { overlap, ..self })
    }
}

/// When the tokens of one answer end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) access_token: Timestamp,
    /// The refresh token, if it is not used before.
    pub(super) refresh_token: Timestamp,
}

impl SessionPolicy {
    /// When tokens end that are signed now, for a session with this row. Neither token outlives the
    /// session. `lifetime` is the grant's.
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
        }
    }

    /// When the session ends if it is not used before: at its idle or at its absolute end.
    pub(super) fn end(&self, session: &Session) -> Timestamp {
        let idle = session.last_used_at() + session.idle_timeout().unwrap_or(self.idle_timeout);
        session.expires_at().min(idle)
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);

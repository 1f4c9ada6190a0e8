//! A logout: a session ends, here at once and on other processes as they hear of it.

use std::time::Duration;

use super::authenticate::Authenticate;
use super::error::SessionError;
use super::sessions::Sessions;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::names::SessionId;
use crate::revocation::{Revocation, ensure_started};
use crate::store::Revoked;

impl<A: Authenticate> Sessions<A> {
    /// Ends the session that `token` belongs to: a refresh token of any generation, or an access token, ended or not (RFC 7009).
    ///
    /// A token that belongs to no session is no error: there is nothing left to end.
    ///
    /// # Errors
    ///
    /// `Unavailable`, after 30 seconds at most: try again.
    pub async fn log_out(&self, token: &str) -> Result<(), SessionError> {
        match self.session_of(token) {
            Some(id) => with_timeout(REFRESH_DEADLINE, self.end(&id, Revoked::LoggedOut)).await,
            None => Ok(()),
        }
    }

    /// Ends a session that a login has just taken the place of (OWASP ASVS 7.2.4).
    pub(crate) async fn end_replaced(&self, token: &str) -> Result<(), SessionError> {
        match self.session_of(token) {
            Some(id) => with_timeout(REFRESH_DEADLINE, self.end(&id, Revoked::Replaced)).await,
            None => Ok(()),
        }
    }

    pub(super) fn session_of(&self, token: &str) -> Option<SessionId> {
        if let Some(presented) = self.keys.parse(token) {
            return Some(presented.rid.session_id());
        }
        self.verifier().verify_but_for_expiry(token).ok()?.session_id().copied()
    }

    pub(super) async fn end(&self, id: &SessionId, because: Revoked) -> Result<(), SessionError> {
        ensure_started(&self.sync);
        let ended = self.store.revoke(id, because, self.now()).await?;
        self.sync.revocations().extend(&[Revocation { id: *id, age: Duration::ZERO }]);
        if ended {
            tracing::info!(session = %id, because = because.as_str(), "session ended");
        }
        Ok(())
    }
}

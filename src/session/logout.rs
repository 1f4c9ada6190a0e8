//! A logout: a session ends, here at once and on other processes as they hear of it.

use std::time::Duration;

use super::ended::Ended;
use super::error::SessionError;
use super::sessions::Sessions;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::names::SessionId;
use crate::revocation::{Revocation, ensure_started};
use crate::store::RevocationReason;

impl Sessions {
    /// Ends the session that `token` belongs to: a refresh token of any generation, or an access
    /// token, expired or not (RFC 7009). Says whether it ended anything.
    ///
    /// A token that belongs to no session is not an error: there is nothing left to end.
    ///
    /// # Errors
    ///
    /// `Unavailable`, after 30 seconds at most: try again.
    pub async fn log_out(&self, token: &str) -> Result<Ended, SessionError> {
        match self.session_of(token) {
            Some(id) => with_timeout(REFRESH_DEADLINE, self.end(&id, RevocationReason::LoggedOut))
                .await
                .inspect_err(SessionError::log_fault),
            None => Ok(Ended::sessions(0)),
        }
    }

    pub(super) fn session_of(&self, token: &str) -> Option<SessionId> {
        if let Some(presented) = self.0.keys.parse(token) {
            return Some(presented.rid.session_id());
        }
        self.verifier()
            .verify_but_for_expiry(token)
            .ok()?
            .session_id()
            .copied()
    }

    pub(super) async fn end(
        &self,
        id: &SessionId,
        reason: RevocationReason,
    ) -> Result<Ended, SessionError> {
        ensure_started(self.sync());
        let ended = self.0.store.revoke(id, reason.at(self.now())).await?;
        self.sync().revocations().extend(&[Revocation {
            id: *id,
            age: Duration::ZERO,
        }]);
        if ended {
            tracing::info!(session = %id, because = reason.as_str(), "session ended");
        }
        Ok(Ended::sessions(u64::from(ended)))
    }
}

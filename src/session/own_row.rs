//! Finds the row of a session that is to go on: for a refresh, a new stamp or a new `auth_time`.

use super::error::{SessionError, SessionErrorKind};
use super::events::Whose;
use super::sessions::Sessions;
use crate::names::SessionId;
use crate::store::Session;
use crate::token::AccessTokenClaims;

impl Sessions {
    /// Returns the row of a session of this application. If it has ended and this process does not
    /// know that, the store may have lost what tells the processes of it. So it is ended once more.
    pub(super) async fn own_row(&self, id: &SessionId) -> Result<Session, SessionError> {
        let found = self.0.store.find(id).await?;
        let session = found.ok_or(SessionError::new(SessionErrorKind::SessionExpired))?;
        if !self.owns(&session) {
            return Err(SessionError::new(SessionErrorKind::InvalidToken));
        }
        if let Some(ended) = session.revoked().filter(|_| !self.knows_ended(id)) {
            let whose = Whose::of_session(&session);
            let told = self.end(id, ended.reason, whose).await;
            // The row says so, whatever became of the write.
            self.sync().revocations().enter(*id);
            told?;
        }
        Ok(session)
    }

    fn knows_ended(&self, id: &SessionId) -> bool {
        self.sync().revocations().contains(id)
    }

    /// Returns the row of the session that these claims belong to, if it goes on.
    pub(super) async fn live_row(
        &self,
        claims: &AccessTokenClaims,
    ) -> Result<Session, SessionError> {
        let id = claims
            .session_id()
            .ok_or(SessionError::new(SessionErrorKind::InvalidToken))?;
        let session = self.own_row(id).await?;
        if session.subject() != claims.subject() {
            return Err(SessionError::new(SessionErrorKind::InvalidToken));
        }
        if session.revoked().is_some() || self.knows_ended(id) {
            return Err(SessionError::new(SessionErrorKind::SessionRevoked));
        }
        if self.now() >= self.policy().end(&session) {
            return Err(SessionError::new(SessionErrorKind::SessionExpired));
        }
        check_understood(&session)?;
        Ok(session)
    }
}

/// Leaves a row of a later version alone.
pub(super) fn check_understood(session: &Session) -> Result<(), SessionError> {
    if session.is_understood() {
        return Ok(());
    }
    Err(SessionError::unavailable(
        "the session is of a later version of this application; it is left alone",
    ))
}

/// Says that a row could not be written, because refreshes of the session were quicker.
pub(super) fn outrun() -> SessionError {
    SessionError::unavailable("refreshes of this session were quicker each time")
}

/// How many times a row is written in all, if refreshes are quicker each time.
pub(super) const MAX_WRITES: usize = 8;

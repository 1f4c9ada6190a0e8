//! Finds the row of a session that is to go on, for a refresh or a new `auth_time`, and changes it.

use super::error::{SessionError, SessionErrorKind};
use super::events::Whose;
use super::sessions::Sessions;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::names::SessionId;
use crate::store::{RevocationReason, Session, SessionParts};
use crate::token::AccessTokenClaims;

impl Sessions {
    /// Returns the row of a session of this application. If it has ended and this process does not
    /// know that, the store may have lost what tells the processes of it. So it is revoked once
    /// more, and this process refuses its access tokens from now on.
    pub(super) async fn own_row(&self, id: &SessionId) -> Result<Session, SessionError> {
        let found = self.0.store.find(id).await?;
        let session = found.ok_or(SessionError::new(SessionErrorKind::SessionExpired))?;
        if !self.owns(&session) {
            return Err(SessionError::new(SessionErrorKind::InvalidToken));
        }
        if let Some(ended) = session.revoked() {
            self.tell_of_end(&session, ended.reason).await?;
        }
        Ok(session)
    }

    /// Revokes a session once more whose row has ended, if this process did not know that, or could
    /// not tell the store before.
    async fn tell_of_end(
        &self,
        session: &Session,
        reason: RevocationReason,
    ) -> Result<(), SessionError> {
        let id = session.id();
        if self.knows_ended(id) && !self.0.untold.contains(id) {
            return Ok(());
        }
        let told = self.end(id, reason, Whose::of_session(session)).await;
        if told.is_ok() {
            self.0.untold.remove(id);
        } else {
            // This process refuses the access tokens even if it cannot tell the others.
            self.sync().revocations().enter(*id);
            self.0.untold.add(*id);
        }
        told.map(drop)
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

    /// Changes the row of the session that these claims belong to. A refresh at the same moment
    /// and the change both count. Returns false if `change` does: then nothing is written.
    pub(super) async fn change_row(
        &self,
        claims: &AccessTokenClaims,
        change: impl Fn(&mut SessionParts) -> bool + Send + Sync,
    ) -> Result<bool, SessionError> {
        let write = async {
            for _ in 0..MAX_WRITES {
                let mut session = self.live_row(claims).await?;
                let row = session.parts_mut();
                if !change(row) {
                    return Ok(false);
                }
                row.revision += 1;
                if self.0.store.replace(&session).await? {
                    return Ok(true);
                }
            }
            Err(outrun())
        };
        with_timeout(REFRESH_DEADLINE, write)
            .await
            .map_err(SessionError::logged)
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

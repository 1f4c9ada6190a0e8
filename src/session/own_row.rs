//! Finds the row of a session that is to go on, for a refresh and for a new stamp.

use super::error::{SessionError, SessionErrorKind};
use super::sessions::Sessions;
use crate::names::SessionId;
use crate::store::Session;

impl Sessions {
    /// Returns the row of a session of this application.
    pub(super) async fn own_row(&self, id: &SessionId) -> Result<Session, SessionError> {
        let found = self.0.store.find(id).await?;
        let session = found.ok_or(SessionError::new(SessionErrorKind::SessionExpired))?;
        if !self.owns(&session) {
            return Err(SessionError::new(SessionErrorKind::InvalidToken));
        }
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

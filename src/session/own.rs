//! What users do with their own sessions, and administrators with those of any user.

use super::ended::Ended;
use super::error::{SessionError, SessionErrorKind};
use super::event::AuthEventKind;
use super::events::Whose;
use super::sessions::Sessions;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::names::{SessionId, Subject};
use crate::store::{RevocationReason, Session, SessionOwner, SessionSelection};
use crate::token::AccessTokenClaims;

impl Sessions {
    /// Returns the subject's sessions that have not ended, newest first.
    ///
    /// # Errors
    ///
    /// `Unavailable`: the store cannot be asked. Try again.
    pub async fn list(&self, subject: &Subject) -> Result<Vec<Session>, SessionError> {
        let now = self.now();
        let logins = self.logins_of(subject);
        let list = async { Ok(self.0.store.list(&logins, now).await?) };
        let mut sessions = with_timeout(REFRESH_DEADLINE, list)
            .await
            .map_err(SessionError::logged)?;
        // Stores do not know the policy's idle timeout.
        sessions.retain(|session| now < self.policy().end(session));
        Ok(sessions)
    }

    /// Ends one session of the subject. It ends nothing if there is no such session, or if the
    /// session belongs to another user.
    ///
    /// # Errors
    ///
    /// `Unavailable`: try again.
    pub async fn revoke(&self, subject: &Subject, id: &SessionId) -> Result<Ended, SessionError> {
        let (sessions, logins, id) = (self.clone(), self.logins_of(subject), *id);
        self.finish(async move { sessions.revoke_of(&logins, &id).await })
            .await
    }

    async fn revoke_of(
        &self,
        logins: &SessionSelection,
        id: &SessionId,
    ) -> Result<Ended, SessionError> {
        let session = self.0.store.find(id).await?;
        let Some(session) = session.filter(|session| logins.matches(session)) else {
            return Ok(Ended::sessions(0));
        };
        let lived = session.revoked().is_none();
        let whose = Whose::of_session(&session);
        // If it has ended already, that call may have failed, and a failover may have lost its
        // entry in the feed.
        self.end(id, RevocationReason::LoggedOut, whose).await?;
        // If another request was quicker, the session has ended as well.
        Ok(Ended::sessions(u64::from(lived)))
    }

    /// Ends all sessions of the subject, and returns how many. It is for a user who lost their
    /// phone, and for an administrator.
    ///
    /// **After a change of password** commit the new password first, then call this. The
    /// [stamp](crate::Identity::with_stamp) ends a login that was in progress meanwhile.
    ///
    /// # Errors
    ///
    /// `Unavailable`: some sessions may have been ended. Try again.
    pub async fn log_out_everywhere(&self, subject: &Subject) -> Result<Ended, SessionError> {
        self.revoke_all(self.logins_of(subject)).await
    }

    /// Ends all sessions of the user but the current one, and returns how many. It is for "log out
    /// my other devices". A session that begins in the meantime may be missed.
    ///
    /// **After a change of password** call [`credentials_changed`](Self::credentials_changed)
    /// instead, if there are stamps. Otherwise the current session ends at its next refresh.
    ///
    /// # Errors
    ///
    /// `InvalidToken`: the claims are of another issuer, whose user of this name is someone else.
    /// `Unavailable`: some sessions may have been ended. Try again.
    pub async fn log_out_others(&self, claims: &AccessTokenClaims) -> Result<Ended, SessionError> {
        let owner = SessionOwner::of(claims.issuer(), claims.audience());
        if !self.0.owners.contains(&owner) {
            return Err(SessionError::new(SessionErrorKind::InvalidToken));
        }
        let logins = self.logins_of(claims.subject());
        let others = match claims.session_id() {
            Some(id) => logins.except(*id),
            None => logins,
        };
        self.revoke_all(others).await
    }

    async fn revoke_all(&self, selection: SessionSelection) -> Result<Ended, SessionError> {
        let sessions = self.clone();
        self.finish(async move { sessions.end_all(&selection).await })
            .await
    }

    async fn end_all(&self, selection: &SessionSelection) -> Result<Ended, SessionError> {
        let record = RevocationReason::Everywhere.at(self.now());
        let ended = self.0.store.revoke_all(selection, record).await;
        let ended = ended.map(|ended| ended.count());
        // The sessions have ended, whatever follows, and a second call will find none.
        if let Ok(sessions) = ended {
            self.tell_of_all(selection, sessions);
        }
        // Only the store knows which sessions these were, some of which have ended even if it
        // failed. This process has to know before we respond.
        let pulled = self.sync().pull().await;
        let ended = ended?;
        pulled?;
        Ok(Ended::sessions(ended))
    }

    /// Tells the log and the subscriber of events that a call has ended these sessions.
    fn tell_of_all(&self, selection: &SessionSelection, sessions: u64) {
        let what = match selection.excepted() {
            Some(_) => "logged out elsewhere",
            None => "logged out everywhere",
        };
        tracing::info!(subject = %selection.subject().shown(), ended = sessions, "{what}");
        let kind = AuthEventKind::SessionsRevoked {
            because: RevocationReason::Everywhere,
            sessions,
        };
        self.tell(kind, Whose::of_subject(selection.subject()));
    }

    /// Selects the subject's sessions of this application.
    pub(super) fn logins_of(&self, subject: &Subject) -> SessionSelection {
        SessionSelection::new(subject, self.0.owners.clone())
    }
}

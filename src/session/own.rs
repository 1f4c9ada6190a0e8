//! What users do with their own sessions, and administrators with anybody's.

use super::ended::Ended;
use super::error::SessionError;
use super::sessions::Sessions;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::names::{SessionId, Subject};
use crate::store::{RevocationReason, Session, SessionSelection};
use crate::token::AccessTokenClaims;

impl Sessions {
    /// The subject's live sessions, newest first.
    ///
    /// # Errors
    ///
    /// `Unavailable`.
    pub async fn list(&self, subject: &Subject) -> Result<Vec<Session>, SessionError> {
        let now = self.now();
        let logins = self.logins_of(subject);
        let list = async { Ok(self.0.store.list(&logins, now).await?) };
        let mut sessions = with_timeout(REFRESH_DEADLINE, list)
            .await
            .inspect_err(SessionError::log_fault)?;
        // Stores do not know the policy's idle timeout.
        sessions.retain(|session| now < self.policy().end(session));
        Ok(sessions)
    }

    /// Ends one session of the subject. It ends nothing if there is no such session, or if it is
    /// somebody else's.
    ///
    /// # Errors
    ///
    /// `Unavailable`: try again.
    pub async fn revoke(&self, subject: &Subject, id: &SessionId) -> Result<Ended, SessionError> {
        let revoke = async {
            let session = self.0.store.find(id).await?;
            if session.is_none_or(|session| {
                !self.logins_of(subject).matches(&session) || session.revoked().is_some()
            }) {
                return Ok(Ended::sessions(0));
            }
            self.end(id, RevocationReason::LoggedOut).await?;
            // Where another was quicker the session has ended all the same.
            Ok(Ended::sessions(1))
        };
        with_timeout(REFRESH_DEADLINE, revoke)
            .await
            .inspect_err(SessionError::log_fault)
    }

    /// Ends all sessions of the subject; says how many. For a user who lost their phone, and for an
    /// administrator.
    ///
    /// **After a change of password** commit the new password first, then call this. A login that
    /// was under way meanwhile is caught by the [stamp](crate::Identity::with_stamp).
    ///
    /// # Errors
    ///
    /// `Unavailable`: some may have been ended; try again.
    pub async fn log_out_everywhere(&self, subject: &Subject) -> Result<Ended, SessionError> {
        self.revoke_all(self.logins_of(subject)).await
    }

    /// Ends all sessions of the user but the one that asks; says how many. For "log out my other
    /// devices".
    ///
    /// # Errors
    ///
    /// `Unavailable`: some may have been ended; try again.
    pub async fn log_out_elsewhere(
        &self,
        claims: &AccessTokenClaims,
    ) -> Result<Ended, SessionError> {
        let logins = self.logins_of(claims.subject());
        let others = match claims.session_id() {
            Some(id) => logins.except(*id),
            None => logins,
        };
        self.revoke_all(others).await
    }

    async fn revoke_all(&self, selection: SessionSelection) -> Result<Ended, SessionError> {
        let log_out = async {
            let record = RevocationReason::Everywhere.at(self.now());
            let ended = self.0.store.revoke_all(&selection, record).await?.count();
            // The store knows which they were. This process has to know before we answer.
            self.sync().pull().await?;
            let what = match selection.excepted() {
                Some(_) => "logged out elsewhere",
                None => "logged out everywhere",
            };
            tracing::info!(subject = %selection.subject(), ended, "{what}");
            Ok(Ended::sessions(ended))
        };
        with_timeout(REFRESH_DEADLINE, log_out)
            .await
            .inspect_err(SessionError::log_fault)
    }

    /// The subject's logins of this application.
    fn logins_of(&self, subject: &Subject) -> SessionSelection {
        SessionSelection::new(subject, self.0.owners.clone())
    }
}

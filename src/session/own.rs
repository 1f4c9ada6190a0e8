//! What a user does with his own sessions, and an administrator with anybody's.

use super::authenticate::Authenticate;
use super::error::SessionError;

use super::sessions::Sessions;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::names::{SessionId, Subject};
use crate::store::{Revoked, Session};

impl<A: Authenticate> Sessions<A> {
    /// The subject's live sessions, newest first.
    ///
    /// # Errors
    ///
    /// `Unavailable`.
    pub async fn list(&self, subject: &Subject) -> Result<Vec<Session>, SessionError> {
        let now = self.now();
        let mut sessions = with_timeout(REFRESH_DEADLINE, self.store.list(subject, now)).await?;
        // How long a session may be unused is the policy's to say, so stores do not know it.
        sessions.retain(|session| now < session.last_used_at() + self.policy.unused);
        Ok(sessions)
    }

    /// Ends one session of the subject. False if there is no such session, or if it is somebody else's.
    ///
    /// # Errors
    ///
    /// `Unavailable`: try again.
    pub async fn revoke(&self, subject: &Subject, id: &SessionId) -> Result<bool, SessionError> {
        with_timeout(REFRESH_DEADLINE, async {
            let session = self.store.find(id).await?;
            if session.is_none_or(|session| session.subject() != subject || session.revoked().is_some()) {
                return Ok(false);
            }
            self.end(id, Revoked::LoggedOut).await?;
            Ok(true)
        })
        .await
    }

    /// Ends all sessions of the subject; says how many. For a user who lost his phone, and for an administrator.
    ///
    /// **After a change of password** commit the new password first, then call this. A login that was under way meanwhile is caught by the
    /// [stamp](crate::Grant::with_stamp).
    ///
    /// # Errors
    ///
    /// `Unavailable`: some may have been ended; try again.
    pub async fn log_out_everywhere(&self, subject: &Subject) -> Result<u64, SessionError> {
        with_timeout(REFRESH_DEADLINE, async {
            let ended = self.store.revoke_all(subject, Revoked::Everywhere, self.now()).await?;
            // The store knows which they were. This process has to know before we answer.
            self.sync.pull().await?;
            tracing::info!(%subject, ended, "logged out everywhere");
            Ok(ended)
        })
        .await
    }
}

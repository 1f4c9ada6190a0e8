//! The most sessions that a user has: a login above that ends the oldest.

use super::error::SessionError;
use super::events::Whose;
use super::sessions::Sessions;
use crate::store::{RevocationReason, Session};

impl Sessions {
    /// Ends as many sessions of the subject as the policy does not allow beside this new one: first
    /// those whose idle timeout is over, then the oldest.
    pub(super) async fn end_oldest_beside(&self, new: &Session) -> Result<(), SessionError> {
        let (logins, now) = (self.logins_of(new.subject()), self.now());
        let most = self.policy().max_sessions;
        if self.0.store.count(&logins, now).await? <= most {
            return Ok(());
        }
        let mut sessions = self.0.store.list(&logins, now).await?;
        // The newest are first. Stores do not know the policy's idle timeout.
        sessions.sort_by_key(|session| self.policy().end(session) <= now);
        let others = sessions.iter().filter(|session| session.id() != new.id());
        for session in others.skip(most - 1) {
            let whose = Whose::of_session(session);
            self.end(session.id(), RevocationReason::Replaced, whose)
                .await?;
        }
        Ok(())
    }
}

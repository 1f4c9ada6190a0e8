//! The most sessions that a user has: a login above that ends the oldest.
//!
//! **One order for all processes** whose clocks differ by less than a minute, or two logins at the
//! same moment would end each other: the row says when a session began, and the id decides where
//! that is the same. The newest stay. So each process ends what is certain to end, its own session
//! too, and the process that lists last sees all of them.

use std::cmp::Reverse;
use std::time::Duration;

use super::error::SessionError;
use super::events::Whose;
use super::sessions::Sessions;
use crate::clock::Timestamp;
use crate::limits::DEFAULT_LEEWAY;
use crate::store::{RevocationReason, Session};

impl Sessions {
    /// Makes a session that is not inserted yet begin after all that its user has, if they have as
    /// many as the policy allows. Clocks differ, and a moment may have two logins: a login must not
    /// lose to an earlier one.
    pub(super) async fn begin_last(&self, new: &mut Session) -> Result<(), SessionError> {
        let (logins, now) = (self.logins_of(new.subject()), self.now());
        if self.0.store.count(&logins, now).await? < self.policy().max_sessions {
            return Ok(());
        }
        let sessions = self.0.store.list(&logins, now).await?;
        let begun = sessions.iter().map(Session::created_at);
        let newest = begun.filter(|begun| !is_ahead(*begun, now)).max();
        if let Some(newest) = newest.filter(|newest| *newest >= new.created_at()) {
            let row = new.parts_mut();
            row.authenticated_at.get_or_insert(row.created_at);
            row.created_at = newest + AFTER;
        }
        Ok(())
    }

    /// Ends as many sessions of the subject as the policy does not allow: first those whose idle
    /// timeout is over, then the oldest. If many logins are in progress, the new session may be one
    /// of them, as if the others had come a moment later.
    pub(super) async fn end_oldest(&self, new: &Session) -> Result<(), SessionError> {
        let (logins, now) = (self.logins_of(new.subject()), self.now());
        let most = self.policy().max_sessions;
        if self.0.store.count(&logins, now).await? <= most {
            return Ok(());
        }
        let mut sessions = self.0.store.list(&logins, now).await?;
        sessions.sort_by_key(|session| {
            let begun = session.created_at();
            // Stores do not know the policy's idle timeout.
            let is_over = self.policy().end(session) <= now || is_ahead(begun, now + AFTER);
            (is_over, Reverse((begun, *session.id().as_bytes())))
        });
        for session in sessions.iter().skip(most) {
            let whose = Whose::of_session(session);
            self.end(session.id(), RevocationReason::Replaced, whose)
                .await?;
        }
        Ok(())
    }
}

/// A session begins so long after the newest one.
const AFTER: Duration = Duration::from_millis(1);

/// Returns whether a clock that was far ahead wrote this. It does not count as new, or it would
/// stay the newest until that time.
fn is_ahead(begun: Timestamp, now: Timestamp) -> bool {
    begun > now + DEFAULT_LEEWAY
}

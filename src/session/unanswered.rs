//! [`Unanswered`] is a new session whose tokens were not sent yet.

use std::future::Future;
use std::pin::Pin;

use tokio::runtime::Handle;

use super::error::SessionError;
use super::events::Whose;
use super::sessions::Sessions;
use super::sync::DEADLINE;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::names::SessionId;
use crate::store::{RevocationReason, Session};

/// A new session whose tokens were not sent yet.
///
/// Unless it is [answered](Self::answered), it is ended: when the client hangs up, when the
/// application panics, and when the time is up.
pub(super) struct Unanswered {
    sessions: Sessions,
    id: SessionId,
    /// The insert that is under way. It is finished in any case: a statement that is given up may
    /// still reach the store after the session was ended there.
    inserting: Option<Inserting>,
    is_over: bool,
}

type Inserting = Pin<Box<dyn Future<Output = Result<(), SessionError>> + Send>>;

impl Unanswered {
    pub(super) fn new(sessions: &Sessions, id: &SessionId) -> Self {
        Self {
            sessions: sessions.clone(),
            id: *id,
            inserting: None,
            is_over: false,
        }
    }

    pub(super) async fn insert(&mut self, session: &Session) -> Result<(), SessionError> {
        let (store, session) = (self.sessions.store(), session.clone());
        let inserting = self
            .inserting
            .insert(Box::pin(async move { Ok(store.insert(&session).await?) }));
        let inserted = inserting.await;
        self.inserting = None;
        inserted
    }

    pub(super) fn answered(mut self) {
        self.is_over = true;
    }

    /// Ends the session now, if its row was written. Otherwise it is ended once that is written.
    pub(super) async fn end(mut self) {
        if self.inserting.is_none() {
            end(&self.sessions, self.id).await;
            // This comes last: if the client hangs up in the meantime, `drop` ends the session.
            self.is_over = true;
        }
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // After a panic the insert cannot go on.
        let inserting = self.inserting.take().filter(|_| !std::thread::panicking());
        let (sessions, id) = (self.sessions.clone(), self.id);
        // Outside a runtime the store cannot be asked. The session then ends with its idle timeout.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Some(inserting) = inserting {
                    drop(with_timeout(REFRESH_DEADLINE, inserting).await);
                }
                end(&sessions, id).await;
            });
        }
    }
}

/// Ends the session, of which no client has a token. If this fails, it ends with its idle timeout.
async fn end(sessions: &Sessions, id: SessionId) {
    let ended = sessions.end(&id, RevocationReason::Unanswered, Whose::of_id(&id));
    drop(with_timeout(DEADLINE, ended).await);
}

//! [`Unanswered`]: a new session whose tokens nobody has received yet.

use std::future::Future;
use std::pin::Pin;

use tokio::runtime::Handle;

use super::error::SessionError;
use super::sessions::Sessions;
use super::sync::DEADLINE;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::names::SessionId;
use crate::store::{RevocationReason, Session};

/// A new session whose tokens nobody has received yet. Unless it is [answered](Self::answered), it
/// does not stay behind: not when the client hangs up, not when the application panics, and not
/// when the time is up.
pub(super) struct Unanswered {
    sessions: Sessions,
    id: SessionId,
    /// While it is under way. It is finished in any case: a statement that is given up may still
    /// reach the store, after the session was ended there.
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

    /// Ends the session now, if its row is there. Else it is ended when that has been written.
    pub(super) async fn end(mut self) {
        if self.inserting.is_none() {
            end(&self.sessions, self.id).await;
            // Only now: a client that hangs up meanwhile leaves it to `drop`.
            self.is_over = true;
        }
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // What has panicked cannot go on.
        let inserting = self.inserting.take().filter(|_| !std::thread::panicking());
        let (sessions, id) = (self.sessions.clone(), self.id);
        // Without a runtime nothing can be asked; the session then ends when its idle timeout is
        // over.
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

/// No client has a token of it. If this fails, it ends when its idle timeout is over.
async fn end(sessions: &Sessions, id: SessionId) {
    drop(with_timeout(DEADLINE, sessions.end(&id, RevocationReason::UserGone)).await);
}

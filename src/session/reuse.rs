//! A used refresh token that is presented again: the alarm, and the end of its session.

use tokio::runtime::Handle;
use tracing::Instrument;

use super::error::{SessionError, SessionErrorKind};
use super::event::{AuthEventKind, ReuseEvidence};
use super::events::Whose;
use super::refresh_token::Presented;
use super::sessions::Sessions;
use crate::limits::{REFRESH_DEADLINE, with_timeout};
use crate::request_context::RequestContext;
use crate::store::{RevocationReason, Session};

impl Sessions {
    /// Raises the alarm, ends the session, and returns why the token is refused.
    pub(super) async fn stop_reuse(
        &self,
        session: &Session,
        presented: &Presented,
        context: Option<&RequestContext>,
    ) -> SessionError {
        let row = session.parts();
        tracing::warn!(
            session = %row.id,
            subject = %row.subject.shown(),
            presented = presented.generation,
            current = row.generation,
            rotated_at = ?row.rotated_at,
            confirmed = row.confirmed,
            recoveries = row.recoveries,
            "a used refresh token was presented, so there may be a stolen copy: the \
             session is ended"
        );
        let evidence = ReuseEvidence {
            presented: presented.generation,
            current: row.generation,
            rotated_at: row.rotated_at,
            confirmed: row.confirmed,
            recoveries: row.recoveries,
        };
        let whose = Whose::of_session(session).from(context);
        self.tell(AuthEventKind::RefreshTokenReused(evidence), whose);
        match self.end_reused(session, context).await {
            Ok(()) => SessionError::new(SessionErrorKind::RefreshTokenReused),
            Err(error) => error,
        }
    }

    /// Ends the session in a task of its own: a client that hangs up does not keep it alive.
    async fn end_reused(
        &self,
        session: &Session,
        context: Option<&RequestContext>,
    ) -> Result<(), SessionError> {
        let (sessions, session, context) = (self.clone(), session.clone(), context.cloned());
        let end = async move {
            let whose = Whose::of_session(&session).from(context.as_ref());
            let end = sessions.end(session.id(), RevocationReason::Reused, whose);
            with_timeout(REFRESH_DEADLINE, end).await.map(drop)
        };
        match Handle::try_current() {
            Ok(runtime) => runtime
                .spawn(end.in_current_span())
                .await
                .map_err(SessionError::unavailable)?,
            Err(_) => end.await,
        }
    }
}

//! A used refresh token that is presented again: the alarm, and the end of its session.

use super::error::{SessionError, SessionErrorKind};
use super::event::{AuthEventKind, ReuseEvidence};
use super::events::Whose;
use super::refresh_token::Presented;
use super::sessions::Sessions;
use crate::client_network::fields;
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
        let (client, network) = fields(context.and_then(RequestContext::client_address));
        tracing::warn!(
            client,
            network,
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
        let reason = RevocationReason::Reused;
        match self.end_for_good(session, reason, context).await {
            Ok(()) => SessionError::new(SessionErrorKind::RefreshTokenReused),
            Err(error) => error,
        }
    }
}

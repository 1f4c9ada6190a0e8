//! [`Sessions::layer`] connects the login flow with the request flow.

use std::sync::Arc;

use super::event::AuthEventKind;
use super::events::Whose;
use super::sessions::Sessions;
use crate::bearer::{BearerAuthLayer, BearerErrorKind, OnRefusal, SessionSide};

impl Sessions {
    /// Returns a layer that accepts the access tokens of these sessions: with the same issuer,
    /// audience, keys and clock. Tokens with
    /// [former names](crate::session::SessionsBuilder::former_names) pass too.
    ///
    /// The tokens of an ended session are refused from the next request on, before they expire. If
    /// a handler responds to an access token with a status below 500, the layer notes this as a
    /// receipt: the client has received the token.
    pub fn layer(&self) -> BearerAuthLayer {
        let sessions = SessionSide {
            revocations: self.sync().revocations().clone(),
            max_lag: self.0.outage.max_lag(),
            receipts: self.sync().receipts().clone(),
            sync: Arc::clone(self.sync()) as _,
            edge: Arc::clone(self.edge()),
        };
        let layer = BearerAuthLayer::with_sessions(self.0.verifiers.clone(), Some(sessions));
        if self.0.events.are_heard() {
            layer.on_refusal(self.tell_refusals())
        } else {
            layer
        }
    }

    fn tell_refusals(&self) -> OnRefusal {
        let (events, edge) = (self.0.events.clone(), Arc::clone(self.edge()));
        let clock = Arc::clone(self.0.signer.clock());
        let own = self.0.verifiers.clone();
        OnRefusal::new(move |error, claims, parts| {
            let kind = error.kind();
            // Without a token none is refused, and every scanner makes thousands of these. Without
            // a reason the server is at fault.
            if kind == BearerErrorKind::MissingToken || error.reason().is_none() {
                return;
            }
            let whose = claims.map(|claims| Whose::of_any_claims(claims, &own));
            let whose = whose.unwrap_or_default().at(edge.client_address(parts));
            let kind = AuthEventKind::AccessTokenRefused { kind };
            events.tell(kind, whose, clock.now());
        })
    }

    /// Returns the layer of an MCP server, whose sessions belong to one of these.
    pub(crate) fn mcp_layer(&self) -> BearerAuthLayer {
        self.layer().with_mcp_sessions(self.0.mcp_sessions.clone())
    }
}

//! [`Sessions::layer`] connects the login flow with the request flow.

use std::sync::Arc;

use super::sessions::Sessions;
use crate::bearer::{BearerAuthLayer, SessionSide};

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
        BearerAuthLayer::with_sessions(self.0.verifiers.clone(), Some(sessions))
    }

    /// Returns the layer of an MCP server, whose sessions belong to one of these.
    pub(crate) fn mcp_layer(&self) -> BearerAuthLayer {
        self.layer().with_mcp_sessions(self.0.mcp_sessions.clone())
    }
}

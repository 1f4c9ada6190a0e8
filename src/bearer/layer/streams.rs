//! What a layer does with responses that last longer than a request: event streams and MCP
//! sessions.

use super::BearerAuthLayer;
use crate::bearer::mcp_sessions::McpSessions;
use crate::keys::Secret;

impl BearerAuthLayer {
    /// Ends each event stream (`text/event-stream`) when the layer would refuse its access token:
    /// the token has expired, with the verifier's leeway, or its session is revoked. Otherwise a
    /// stream that is open outlives a logout.
    ///
    /// The stream ends as if the handler had finished it. The client connects again, as its
    /// standard says, and is let in with a new token or refused with 401. For everything that is
    /// not an event stream there is [`AccessTokenWatch`](crate::bearer::AccessTokenWatch), which
    /// ends without leeway. Only event streams are watched.
    ///
    /// # Panics
    ///
    /// The stream panics outside a Tokio runtime with time enabled.
    pub fn end_event_streams(self) -> Self {
        self.map(|gate| gate.ends_event_streams = true)
    }

    /// Binds the sessions of an MCP server to the token that they were made with, and
    /// [ends its streams](Self::end_event_streams) with the token.
    ///
    /// MCP servers know a session by `Mcp-Session-Id` alone, so everyone with a good token and this
    /// id could use it (MCP 2025-11-25, Security Best Practices, Session Hijacking). This layer
    /// adds a tag to the id that the inner service sends: an HMAC with a key from `secret`. It
    /// removes the tag from requests, so the inner service sees its own id.
    ///
    /// **What passes.** An id whose tag was made for the same issuer, audience and subject, and the
    /// same session (`sid`) of a token of our own, or the same client of another issuer's token
    /// (`client_id`, else `azp`, `cid` or `appid`). A refreshed token has the same, so it continues
    /// the session; a new login starts a new one.
    ///
    /// **What is refused.** Every other id, also one without a tag, whatever the method: 404 with
    /// the reason `mcp_session_unknown`. At 404 a client starts a new session (MCP 2025-11-25,
    /// Transports, Session Management), and cannot tell whether the session exists. A repeated
    /// header is refused too. In [optional mode](Self::optional) sessions that were made without a
    /// token belong to requests without a token.
    ///
    /// Nothing is remembered: ids are valid after a restart, and in every process with the same
    /// secret. Where the sessions end with the process, `Secret::random()` is enough. After a
    /// change of the secret, ids of [previous](Secret::with_previous) secrets still pass.
    /// [`mcp_layer`](crate::AuthEndpoints::mcp_layer) does this with the secret of its sessions.
    ///
    /// The former transport HTTP+SSE (2024-11-05) has its id in the URL, where it is not bound.
    ///
    /// ```
    /// # use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, ConfigError, Secret};
    /// # fn example(verifier: AccessTokenVerifier) -> Result<BearerAuthLayer, ConfigError> {
    /// let layer = BearerAuthLayer::new(verifier).bind_mcp_sessions(&Secret::random()?);
    /// # Ok(layer)
    /// # }
    /// ```
    pub fn bind_mcp_sessions(self, secret: &Secret) -> Self {
        self.with_mcp_sessions(McpSessions::new(secret))
    }

    pub(crate) fn with_mcp_sessions(self, sessions: McpSessions) -> Self {
        self.end_event_streams()
            .map(|gate| gate.mcp_sessions = Some(sessions))
    }
}

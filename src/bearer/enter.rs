//! The last step before the inner service: the head of the request as the handler sees it.

use http::request::Parts;

use super::admission::Admission;
use super::after::After;
use super::error::BearerError;

impl Admission {
    /// Leaves the admission in the request, and returns the work that is left when the inner
    /// service has responded.
    ///
    /// It fails if the request names an MCP session of another caller.
    pub(super) fn enter(self, parts: &mut Parts) -> Result<After, BearerError> {
        let gate = &self.gate;
        let mut after = After::of(gate, self.claims.as_ref());
        if let Some(sessions) = &gate.mcp_sessions {
            let caller = self.claims.as_ref();
            sessions
                .open(&mut parts.headers, caller)
                .map_err(|error| match caller {
                    Some(claims) => gate.of(error, claims),
                    None => error,
                })?;
            after.seal_mcp_session(sessions, caller);
        }
        if gate.ends_event_streams && self.claims.is_some() {
            after.end_event_stream(self.clone());
        }
        self.leave(&mut parts.extensions);
        Ok(after)
    }
}

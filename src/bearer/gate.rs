//! [`Gate`] is what a layer knows. How it decides about a request is in `decide.rs`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::document::PublicDocument;
use super::found::ParseClaims;
use super::guard::Guard;
use super::hints::Hints;
use super::mcp_sessions::McpSessions;
use super::protection::Protection;
use super::rejection::Rejection;
use super::source::TokenSource;
use super::user_loader::Loader;
use crate::edge::Edge;
use crate::names::Scope;
use crate::revocation::{Receipts, Revocations, StartSync};
use crate::token::Verifiers;

/// Everything that decides about a request, shared by all services that a layer makes.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(super) verifiers: Verifiers,
    pub(super) sources: Vec<TokenSource>,
    pub(super) sessions: Option<SessionSide>,
    pub(super) needed: Scope,
    pub(super) guards: Vec<Guard>,
    pub(super) without_token: WithoutToken,
    pub(super) admits_preflights: bool,
    pub(super) parse_claims: Option<ParseClaims>,
    pub(super) loader: Option<Arc<dyn Loader>>,
    pub(super) rejection: Rejection,
    /// What clients of a protected resource are told beforehand.
    pub(super) resource: Option<PublicDocument>,
    pub(super) documents: Vec<PublicDocument>,
    pub(super) mcp_sessions: Option<McpSessions>,
    /// Whether event streams end with the access token.
    pub(super) ends_event_streams: bool,
    pub(super) edge: Arc<Edge>,
    pub(super) hints: Arc<Hints>,
}

/// The sessions of this process, as the request flow sees them: it asks them for revocations, and
/// gives them receipts.
#[derive(Clone, Debug)]
pub(crate) struct SessionSide {
    pub(crate) revocations: Revocations,
    /// The age that the revocations may have.
    pub(crate) max_lag: Option<Duration>,
    pub(crate) receipts: Receipts,
    /// Starts the background task, and keeps it alive.
    pub(crate) sync: Arc<dyn StartSync>,
    /// What these sessions know about the network in front of them.
    pub(crate) edge: Arc<Edge>,
}

/// What happens to a request without a token.
#[derive(Clone, Copy, Debug)]
pub(super) enum WithoutToken {
    Refuse,
    Admit,
}

impl Gate {
    /// Requires this scope of every request, in addition. The challenges of a protected resource
    /// name it.
    pub(super) fn require_scope(&mut self, scope: &Scope) {
        self.needed = self.needed.union(scope);
        if self.resource.is_some() && !self.needed.is_empty() {
            self.protection().scope = Some(self.needed.clone());
        }
    }

    /// Returns what the challenges say, to change it.
    pub(super) fn protection(&mut self) -> &mut Protection {
        self.rejection.protection()
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("verifiers", &self.verifiers)
            .field("sources", &self.sources)
            .field("sessions", &self.sessions)
            .field("needed", &self.needed)
            .field("guards", &self.guards)
            .field("without_token", &self.without_token)
            .field("parses_claims", &self.parse_claims.is_some())
            .field("loads_user", &self.loader.is_some())
            .field("rejection", &self.rejection)
            .field("resource", &self.resource)
            .field("documents", &self.documents)
            .field("mcp_sessions", &self.mcp_sessions)
            .field("ends_event_streams", &self.ends_event_streams)
            .field("edge", &self.edge)
            .finish()
    }
}

//! [`BearerAuthLayer`].

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use tower_layer::Layer;

use super::challenge::BearerError;
use super::gate::{Gate, SessionSide, WithoutToken};
use super::refusal::Refusal;
use super::service::BearerAuth;
use crate::error::ConfigError;
use crate::token::{AccessTokenVerifier, Scope};
use crate::user::LoadUser;

/// Lets only requests with a good access token through to the service it wraps.
///
/// See the [module docs](crate::bearer). For tokens of one's own take [`Sessions::layer`](crate::Sessions::layer).
#[derive(Clone, Debug)]
#[must_use]
pub struct BearerAuthLayer {
    gate: Arc<Gate>,
}

impl BearerAuthLayer {
    /// A layer for the tokens that `verifier` accepts: those of an external issuer, or of another service of one's own.
    ///
    /// A token is demanded, no scope is needed, no user is loaded, and nobody is asked whether a session was revoked.
    pub fn new(verifier: AccessTokenVerifier) -> Self {
        Self::with_sessions(verifier, None)
    }

    /// The one way in for the login flow: `session::layer` calls it.
    pub(crate) fn with_sessions(verifier: AccessTokenVerifier, sessions: Option<SessionSide>) -> Self {
        let gate = Gate {
            verifier,
            sessions,
            needed: Scope::default(),
            without_token: WithoutToken::Refuse,
            loader: None,
            refusal: Refusal::default(),
        };
        Self { gate: Arc::new(gate) }
    }

    /// Lets requests without a token through: for pages that greet those who are logged in.
    ///
    /// A token that is sent is checked all the same, and a bad one is refused.
    pub fn optional(self) -> Self {
        self.map(|gate| gate.without_token = WithoutToken::Admit)
    }

    /// Demands that the token allows all the words of `scope`, separated by spaces; else 403 `insufficient_scope`. What was demanded before
    /// is still demanded.
    ///
    /// A request without a token, which [`optional`](Self::optional) lets through, is not asked for a scope.
    ///
    /// # Panics
    ///
    /// If `scope` is no scope: see [`Scope::from_static`].
    pub fn require_scope(self, scope: &'static str) -> Self {
        self.map(|gate| gate.needed = gate.needed.union(&Scope::from_static(scope)))
    }

    /// Finds the application's user for each request, for [`CurrentUser<User>`](crate::CurrentUser).
    pub fn with_user_loader<L: LoadUser>(self, loader: L) -> Self {
        self.map(|gate| gate.loader = Some(Arc::new(loader)))
    }

    /// Names what is protected, in the challenge (RFC 9110 section 11.5). None by default.
    ///
    /// # Errors
    ///
    /// The name has quotes, backslashes, or other characters than visible ASCII and spaces.
    pub fn with_realm(self, realm: &str) -> Result<Self, ConfigError> {
        if !realm.bytes().all(|byte| matches!(byte, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
            return Err(ConfigError::new("a realm is visible ASCII without quotes and backslashes"));
        }
        Ok(self.map(|gate| gate.refusal.realm = Some(realm.into())))
    }

    /// Replaces the answer to every refused request: of this layer, and of the [scope layer](crate::RequireScopeLayer) and the extractors
    /// within it.
    ///
    /// The closure keeps status and challenge best by changing [`BearerError::to_response`]:
    ///
    /// ```
    /// use bytes::Bytes;
    /// use tower_bearer::{BearerAuthLayer, BearerError};
    ///
    /// # fn example(layer: BearerAuthLayer) -> BearerAuthLayer {
    /// layer.with_rejection(|error: &BearerError, _request: &http::request::Parts| {
    ///     error.to_response().map(|_| Bytes::from(r#"{"message": "please log in"}"#))
    /// })
    /// # }
    /// ```
    pub fn with_rejection<F>(self, answer: F) -> Self
    where
        F: Fn(&BearerError, &Parts) -> Response<Bytes> + Send + Sync + 'static,
    {
        self.map(|gate| gate.refusal.answer = Some(Arc::new(answer)))
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    fn map(mut self, change: impl FnOnce(&mut Gate)) -> Self {
        change(Arc::make_mut(&mut self.gate));
        self
    }
}

impl<S> Layer<S> for BearerAuthLayer {
    type Service = BearerAuth<S>;

    fn layer(&self, inner: S) -> BearerAuth<S> {
        BearerAuth::new(inner, Arc::clone(&self.gate))
    }
}

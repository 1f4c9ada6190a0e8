//! [`BearerAuthLayer`] lets only requests with a good access token through.

mod answers;
mod guards;
mod streams;

use std::sync::Arc;

use tower_layer::Layer;

use super::gate::{Gate, SessionSide, WithoutToken};
use super::on_refusal::OnRefusal;
use super::rejection::Rejection;
use super::service::BearerAuth;
use super::source::TokenSource;
use crate::error::ConfigError;
use crate::names::Scope;
use crate::token::{AccessTokenVerifier, LegacyTokens, Verifiers};

/// Lets only requests with a good access token through to the service that it wraps.
///
/// What passes, what is refused, and where the layer belongs among others is in the
/// [module docs](crate::bearer). For tokens issued by this application, use
/// [`Sessions::layer`](crate::Sessions::layer).
///
/// ```
/// use axum::Router;
/// use axum::routing::get;
/// use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, CurrentUser};
///
/// async fn orders(user: CurrentUser) -> String {
///     format!("orders of {}", user.subject())
/// }
///
/// # fn example(verifier: AccessTokenVerifier) -> Router {
/// let layer = BearerAuthLayer::new(verifier).require_scope("orders:read");
/// Router::new()
///     .route("/orders", get(orders))
///     .route_layer(layer)
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct BearerAuthLayer {
    gate: Arc<Gate>,
}

impl BearerAuthLayer {
    /// Makes a layer for the tokens that `verifier` accepts: those of an external issuer, or of
    /// another service of the application.
    ///
    /// A token is required, in the `Authorization` header. No scope is required, no user is loaded,
    /// and revocation is not checked.
    pub fn new(verifier: AccessTokenVerifier) -> Self {
        Self::with_sessions(Verifiers::new(verifier), None)
    }

    /// Makes a layer for the login flow, which `session::layer` calls.
    pub(crate) fn with_sessions(verifiers: Verifiers, sessions: Option<SessionSide>) -> Self {
        let edge = sessions
            .as_ref()
            .map(|sessions| Arc::clone(&sessions.edge))
            .unwrap_or_default();
        let gate = Gate {
            verifiers,
            sources: vec![TokenSource::header()],
            sessions,
            needed: Scope::default(),
            guards: Vec::new(),
            without_token: WithoutToken::Refuse,
            admits_preflights: false,
            parse_claims: None,
            loader: None,
            rejection: Rejection::default(),
            resource: None,
            documents: Vec::new(),
            mcp_sessions: None,
            ends_event_streams: false,
            edge,
            hints: Arc::default(),
        };
        Self {
            gate: Arc::new(gate),
        }
    }

    /// Tells of each request that is refused.
    pub(crate) fn on_refusal(self, on_refusal: OnRefusal) -> Self {
        self.map(|gate| gate.rejection.on_refusal = Some(on_refusal))
    }

    /// Accepts the tokens of another issuer too. The claim `iss` chooses the verifier before any
    /// key is tried.
    ///
    /// Its claims `sid` and `gen` have no meaning here: its tokens do not belong to a session.
    ///
    /// **The other issuer chooses `sub` and `scope`.** Its user `1` is not your user `1`: a
    /// [`LoadUser`](crate::LoadUser) has to look at [`issuer`](crate::AccessTokenClaims::issuer)
    /// first. Its scope `admin` is `admin` here too, unless
    /// [`accepted_scope`](crate::token::AccessTokenVerifierBuilder::accepted_scope) says which
    /// words count.
    ///
    /// # Errors
    ///
    /// The layer has a verifier for this issuer already.
    pub fn with_verifier(mut self, verifier: AccessTokenVerifier) -> Result<Self, ConfigError> {
        Arc::make_mut(&mut self.gate).verifiers.add(verifier)?;
        Ok(self)
    }

    /// Accepts tokens that the application issued before it used this crate, until a date: see
    /// [`LegacyTokens`]. Each call adds some.
    pub fn with_legacy_tokens(self, legacy: LegacyTokens) -> Self {
        self.map(|gate| gate.verifiers.add_legacy(legacy))
    }

    /// Looks for the token in these places only. The default is [`TokenSource::header`] alone.
    ///
    /// A ticket is used up, and a token in a WebSocket protocol or in the query string is removed.
    /// So a layer within this one that looks there too keeps the caller, as an
    /// [optional](Self::optional) one does.
    ///
    /// ```
    /// use tower_bearer::bearer::TokenSource;
    /// use tower_bearer::BearerAuthLayer;
    ///
    /// # fn example(layer: BearerAuthLayer) -> BearerAuthLayer {
    /// layer.with_token_sources([TokenSource::header(), TokenSource::websocket_protocol()])
    /// # }
    /// ```
    pub fn with_token_sources(self, sources: impl IntoIterator<Item = TokenSource>) -> Self {
        self.map(|gate| gate.sources = sources.into_iter().collect())
    }

    /// Lets requests without a token through: for pages that also greet users who are logged in.
    ///
    /// A token that is sent is checked all the same, and a bad one is refused.
    ///
    /// Within another layer, a request that presents no token to this one keeps the caller that the
    /// other one knows, if this layer accepts the same issuer and audience, and no less scope. All
    /// checks of this layer hold for that caller too.
    pub fn optional(self) -> Self {
        self.map(|gate| gate.without_token = WithoutToken::Admit)
    }

    /// Lets CORS preflights through to the wrapped service: `OPTIONS` with `Origin` and
    /// `Access-Control-Request-Method`, which never carry a token.
    ///
    /// Use it only where the wrapped service answers them itself. Otherwise put the CORS layer
    /// further out; the log says so once where a preflight was refused:
    ///
    /// ```
    /// # use axum::{Router, routing::get};
    /// # use {tower_bearer::BearerAuthLayer, tower_http::cors::CorsLayer};
    /// # fn example(layer: BearerAuthLayer, cors: CorsLayer) -> Router {
    /// Router::new()
    ///     .route("/me", get(|| async { "you" }))
    ///     .route_layer(layer)
    ///     // A layer that is added later is further out: this one answers preflights, and adds its
    ///     // headers to rejections too.
    ///     .layer(cors)
    /// # }
    /// ```
    pub fn admit_preflights(self) -> Self {
        self.map(|gate| gate.admits_preflights = true)
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

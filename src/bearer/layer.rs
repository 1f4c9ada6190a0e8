//! [`BearerAuthLayer`].

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::request::Parts;
use serde::de::DeserializeOwned;
use tower_layer::Layer;

use super::error::BearerError;
use super::found::Found;
use super::gate::{Gate, SessionSide, WithoutToken};
use super::guard::Guard;
use super::rejection::Rejection;
use super::resource::ProtectedResource;
use super::service::BearerAuth;
use super::source::TokenSource;
use crate::error::{BoxError, ConfigError};
use crate::names::{IntoScope, Scope};
use crate::token::{AccessTokenClaims, AccessTokenVerifier, LegacyTokens, Verifiers};
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
        let edge = sessions.as_ref().map(|sessions| Arc::clone(&sessions.edge)).unwrap_or_default();
        let gate = Gate {
            verifiers: Verifiers::new(verifier),
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
            edge,
            hints: Arc::default(),
        };
        Self { gate: Arc::new(gate) }
    }

    /// Accepts the tokens of another issuer too. The claim `iss` chooses the verifier before any key is tried.
    ///
    /// What that issuer calls `sid` and `gen` means nothing here: its tokens belong to no session.
    ///
    /// **It may say `sub` and `scope` as it likes.** Its user `1` is not ours: a [`LoadUser`] looks at
    /// [`issuer`](crate::AccessTokenClaims::issuer) first. Its `admin` is `admin` here, unless
    /// [`accepted_scope`](crate::token::AccessTokenVerifierBuilder::accepted_scope) says what counts.
    ///
    /// # Errors
    ///
    /// The layer has a verifier for this issuer already.
    pub fn with_verifier(mut self, verifier: AccessTokenVerifier) -> Result<Self, ConfigError> {
        Arc::make_mut(&mut self.gate).verifiers.add(verifier)?;
        Ok(self)
    }

    /// Accepts what the application issued before it used this crate, until a date: see [`LegacyTokens`]. Each call adds some.
    pub fn with_legacy_tokens(self, legacy: LegacyTokens) -> Self {
        self.map(|gate| gate.verifiers.add_legacy(legacy))
    }

    /// Looks for the token in these places, and no longer in any other: by default it is [`TokenSource::header`] alone.
    ///
    /// ```
    /// use tower_bearer::{BearerAuthLayer, TokenSource};
    ///
    /// # fn example(layer: BearerAuthLayer) -> BearerAuthLayer {
    /// layer.with_token_sources([TokenSource::header(), TokenSource::websocket_protocol()])
    /// # }
    /// ```
    pub fn with_token_sources(self, sources: impl IntoIterator<Item = TokenSource>) -> Self {
        self.map(|gate| gate.sources = sources.into_iter().collect())
    }

    /// Tells clients what is protected (RFC 9728): demands the scope of `resource`, names scope and metadata in every challenge, and answers `GET` on
    /// the [paths](ProtectedResource::paths) of the metadata itself, without a token, where it sees them.
    pub fn with_protected_resource(self, resource: ProtectedResource) -> Self {
        self.map(|gate| {
            gate.protection().resource_metadata = Some(resource.metadata_address().into());
            let needed = resource.needed().clone();
            gate.resource = Some(resource);
            gate.require_scope(&needed);
        })
    }

    /// Answers gRPC requests that are refused as their clients read it: trailers-only, with `grpc-status` 16 (unauthenticated), 7 (permission denied),
    /// 14 (unavailable) or 13 (internal). `with_rejection` is not asked for them.
    ///
    /// A gRPC request is a `POST` by HTTP/2 with `te: trailers` and `application/grpc`, perhaps with a suffix or parameters. All others are
    /// refused as usual, so plain routes can stand beside.
    pub fn grpc(self) -> Self {
        self.map(|gate| gate.rejection.grpc = true)
    }

    /// Lets requests without a token through: for pages that greet those who are logged in.
    ///
    /// A token that is sent is checked all the same, and a bad one is refused.
    pub fn optional(self) -> Self {
        self.map(|gate| gate.without_token = WithoutToken::Admit)
    }

    /// Lets CORS preflights through to the service within: `OPTIONS` with `Origin` and `Access-Control-Request-Method`, which bear no token.
    ///
    /// Only where the service within answers them itself. Else put the CORS layer further out, and leave this alone:
    ///
    /// ```
    /// # use axum::{Router, routing::get};
    /// # fn example(layer: tower_bearer::BearerAuthLayer, cors: tower_http::cors::CorsLayer) -> Router {
    /// Router::new()
    ///     .route("/me", get(|| async { "you" }))
    ///     .route_layer(layer)
    ///     // What is added later is further out: it answers preflights, and its headers are on refusals too.
    ///     .layer(cors)
    /// # }
    /// ```
    pub fn admit_preflights(self) -> Self {
        self.map(|gate| gate.admits_preflights = true)
    }

    /// Requires that the token allows all the words of `scope`, which are separated by spaces;
    /// otherwise 403 `insufficient_scope`. Each call adds to what is required.
    ///
    /// A request without a token, which [`optional`](Self::optional) lets through, needs no scope. For
    /// single routes and methods there is [`RequireLayer`](crate::RequireLayer).
    ///
    /// ```
    /// # fn example(layer: tower_bearer::BearerAuthLayer, configured: &str) -> Result<(), tower_bearer::InvalidScope> {
    /// use tower_bearer::Scope;
    ///
    /// let layer = layer.require_scope("orders:read");
    /// // Text from outside is parsed first.
    /// let layer = layer.require_scope(configured.parse::<Scope>()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `scope` is a literal that is not a scope.
    #[track_caller]
    pub fn require_scope(self, scope: impl IntoScope) -> Self {
        let scope = scope.into_scope();
        self.map(|gate| gate.require_scope(&scope))
    }

    /// Requires that the token allows one of `scopes`; otherwise 403 `insufficient_scope`. The
    /// challenge names the first of them, so put the least powerful one there. An empty list lets no
    /// token through.
    ///
    /// ```
    /// # fn example(layer: tower_bearer::BearerAuthLayer) -> tower_bearer::BearerAuthLayer {
    /// layer.require_any_scope(["orders:read", "admin"])
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If one of them is a literal that is not a scope.
    #[track_caller]
    pub fn require_any_scope<S: IntoScope>(self, scopes: impl IntoIterator<Item = S>) -> Self {
        let guard = Guard::any_scope(scopes);
        self.map(|gate| gate.guards.push(guard))
    }

    /// Requires that `condition` returns `Ok(true)` for the claims of the token.
    ///
    /// `Ok(false)` is refused with 403 and the reason `denied`. `Err` is refused in the same way, and
    /// its cause is logged. An `Err` that is a [`BearerError`] answers for itself: with a reason and a
    /// status of the application's own.
    ///
    /// It is called at every request with a good token, so it should not do I/O. A request without a
    /// token, which [`optional`](Self::optional) lets through, is not asked.
    ///
    /// ```
    /// use tower_bearer::{AccessTokenClaims, BearerAuthLayer, BearerError};
    ///
    /// # fn example(layer: BearerAuthLayer) -> BearerAuthLayer {
    /// layer
    ///     .require(|claims| Ok(claims.claim::<u8>("level")? >= Some(3)))
    ///     .require(|claims: &AccessTokenClaims| match claims.claim::<String>("plan")?.as_deref() {
    ///         Some("paid") => Ok(true),
    ///         _ => Err(BearerError::denied("payment_required").into()),
    ///     })
    /// # }
    /// ```
    pub fn require<F>(self, condition: F) -> Self
    where
        F: Fn(&AccessTokenClaims) -> Result<bool, BoxError> + Send + Sync + 'static,
    {
        self.map(|gate| gate.guards.push(Guard::condition(condition)))
    }

    /// Finds the application's user for each request, for [`CurrentUser<User>`](crate::CurrentUser).
    ///
    /// The token is checked once more when the user was found: a session that was revoked meanwhile is
    /// refused.
    pub fn with_user_loader<L: LoadUser>(self, loader: L) -> Self {
        self.map(|gate| gate.loader = Some(Arc::new(loader)))
    }

    /// Parses the claims of each token into a `T`, for [`CurrentUser<T>`](crate::CurrentUser): the
    /// application's own claims in a handler, without a user loader.
    ///
    /// A token whose claims are not a `T` is refused with 401 `invalid_token`, and the log says which
    /// claim is at fault, without its value. Where the layer accepts [several
    /// issuers](Self::with_verifier), that is also true for the tokens of the others. It works together
    /// with a [user loader](Self::with_user_loader), whose type has to be another one.
    ///
    /// ```
    /// use serde::Deserialize;
    /// use tower_bearer::{BearerAuthLayer, CurrentUser};
    ///
    /// #[derive(Clone, Deserialize)]
    /// struct Claims {
    ///     company: String,
    /// }
    ///
    /// async fn company(claims: CurrentUser<Claims>) -> String {
    ///     claims.company.clone()
    /// }
    ///
    /// # fn example(layer: BearerAuthLayer) -> axum::Router {
    /// axum::Router::new()
    ///     .route("/company", axum::routing::get(company))
    ///     .route_layer(layer.with_typed_claims::<Claims>())
    /// # }
    /// ```
    pub fn with_typed_claims<T>(self) -> Self
    where
        T: DeserializeOwned + Clone + Send + Sync + 'static,
    {
        self.map(|gate| gate.parse_claims = Some(Found::in_claims::<T>))
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
        Ok(self.map(|gate| gate.protection().realm = Some(realm.into())))
    }

    /// Replaces the response to every refused request: of this layer, of the extractors and each
    /// [`RequireLayer`](crate::RequireLayer) within it, and of middleware that calls
    /// [`BearerError::into_response_for`].
    ///
    /// The closure chooses status, body and headers, and usually starts from
    /// [`BearerError::to_response`]. Where its response lacks them, `WWW-Authenticate`, `Retry-After` and
    /// `Cache-Control: no-store` are added afterwards, so it cannot lose them: a 401 without a challenge
    /// is not one (RFC 9110 section 15.5.2).
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
        self.map(|gate| gate.rejection.answer = Some(Arc::new(answer)))
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

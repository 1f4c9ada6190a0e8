//! [`BearerAuthLayer`] is the request flow: it lets only requests with a good access token through.
//!
//! **What passes.** A request with one access token, in its `Authorization: Bearer …` header or
//! where a [`TokenSource`] finds it. The [`AccessTokenVerifier`](crate::AccessTokenVerifier) of its
//! issuer accepts it, its session was not revoked, its scope and its claims satisfy the guards, and
//! the [`LoadUser`](crate::LoadUser), if there is one, still knows the user. In
//! [optional mode](BearerAuthLayer::optional) also a request without a token.
//!
//! **What is refused.** Everything else: see [`BearerError`] for the status and the challenge of
//! each case. Tokens in the query string are not read, unless
//! [`dangerous_query`](TokenSource::dangerous_query) says so; a [ticket](Tickets) is not a token.
//!
//! **What the handler gets.** [`CurrentUser`](crate::CurrentUser), which is the claims, the
//! application's own claims or its user; [`AccessTokenClaims`](crate::AccessTokenClaims); and
//! [`AccessTokenWatch`] for a long connection. All are extractors in Axum, and have a
//! `from_extensions` without it. `Authorization` and the headers of the sources are marked as
//! sensitive, so a log of all headers does not show the token.
//!
//! **More than JSON.** A layer with [`grpc`](BearerAuthLayer::grpc) refuses gRPC clients as they
//! expect it. A [`ProtectedResource`] tells clients, in every challenge, where to get a token.
//!
//! **Order of layers.** In Axum use `route_layer`, so that unknown paths remain 404. A layer that
//! is added later is further out. CORS goes further out than this layer, otherwise preflights,
//! which carry no token, are refused. Timeouts and tracing go further out too. A [`RequireLayer`]
//! goes within.
//!
//! **Caveats.** The layer knows the token, not the transport: serve over TLS. `axum::serve` and
//! plain Hyper set no timeout for slow headers. Every client that has an access token can use it
//! until it expires or its session is revoked.
//!
//! Errors and the future of the inner service pass through unchanged. The inner service is cloned
//! only where the layer answers itself or has to wait.
//!
//! ```
//! use http::{Request, Response, StatusCode, header};
//! use tower::{Layer, ServiceExt, service_fn};
//! use tower_bearer::test_util::TestTokens;
//! use tower_bearer::{AccessTokenClaims, BearerAuthLayer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tokens = TestTokens::new();
//! let inner = service_fn(async |request: Request<String>| {
//!     let claims = AccessTokenClaims::from_extensions(request.extensions()).unwrap();
//!     Ok::<_, std::convert::Infallible>(Response::new(claims.subject().to_string()))
//! });
//! let service = BearerAuthLayer::new(tokens.verifier()).layer(inner);
//!
//! let request = Request::builder()
//!     .header(header::AUTHORIZATION, tokens.bearer("alice"))
//!     .body(String::new())?;
//! assert_eq!(service.clone().oneshot(request).await?.status(), StatusCode::OK);
//!
//! let refused = service.oneshot(Request::new(String::new())).await?;
//! assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
//! assert_eq!(refused.headers()[header::WWW_AUTHENTICATE], "Bearer");
//! # Ok(())
//! # }
//! ```

mod admission;
mod after;
mod body;
mod challenge;
mod credentials;
mod decide;
mod document;
mod enter;
mod error;
mod error_kind;
mod found;
mod future;
mod gate;
mod grpc;
mod guard;
mod hints;
mod into_rejection;
mod layer;
mod mcp_sessions;
mod on_refusal;
mod preflight;
mod presented;
mod protection;
mod ready;
mod rejection;
mod require;
mod resource;
mod service;
mod source;
mod user_loader;
mod watch;

pub use body::ResponseBody;
pub use error::BearerError;
pub use error_kind::BearerErrorKind;
pub use future::ResponseFuture;
pub use into_rejection::IntoRejection;
pub use layer::BearerAuthLayer;
pub use require::{Require, RequireLayer};
pub use resource::ProtectedResource;
pub use service::BearerAuth;
pub use source::{Tickets, TokenSource};
pub use watch::{AccessTokenWatch, EndReason};

pub(crate) use credentials::bearer_token;
pub(crate) use document::{PublicDocument, READ, public_json};
pub(crate) use gate::SessionSide;
pub(crate) use mcp_sessions::McpSessions;
pub(crate) use on_refusal::OnRefusal;
pub(crate) use preflight::is_preflight;

//! The request flow: [`BearerAuthLayer`] lets only requests with a good access token through.
//!
//! **What passes.** A request with one access token, in its `Authorization: Bearer …` header or where [`TokenSource`] says, that the
//! [`AccessTokenVerifier`](crate::AccessTokenVerifier) of its issuer accepts, whose session was not revoked, whose scope is enough, and whose user
//! the [`LoadUser`](crate::LoadUser), if there is one, still knows. In [optional mode](BearerAuthLayer::optional) also a request without a token.
//!
//! **What is refused.** Everything else: see [`BearerError`] for the status and the challenge of each case. Tokens in the query are not
//! looked at; a [ticket](Tickets) there is none.
//!
//! **What the handler gets.** One extension, read by [`CurrentUser`](crate::CurrentUser) or
//! [`AccessTokenClaims::from_extensions`](crate::AccessTokenClaims::from_extensions); for a long connection by [`AccessTokenWatch`].
//!
//! **Not only JSON.** gRPC clients are refused in their way by a layer that is told [`grpc`](BearerAuthLayer::grpc). A
//! [`ProtectedResource`] tells clients, in every challenge, whom to ask for a token.
//!
//! **Order of layers.** In Axum use `route_layer`, so that unknown paths stay 404; layers that are added later are further out. CORS goes
//! further out than this layer, else preflights, which bear no token, are refused. Time limits and tracing go further out too.
//!
//! **Caveats.** The layer knows the token, not the transport: serve over TLS. `axum::serve` and plain Hyper set no time limit on slow
//! headers. Whoever has an access token can use it until it ends or its session is revoked.
//!
//! The inner service's errors and future pass through unchanged, and it is cloned only where the layer answers itself or has to wait.
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
//! let service = BearerAuthLayer::new(tokens.verifier()).layer(service_fn(async |request: Request<String>| {
//!     let claims = AccessTokenClaims::from_extensions(request.extensions()).unwrap();
//!     Ok::<_, std::convert::Infallible>(Response::new(claims.subject().to_string()))
//! }));
//!
//! let request = Request::builder().header(header::AUTHORIZATION, tokens.bearer("alice")).body(String::new())?;
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
mod error;
mod error_kind;
mod found;
mod future;
mod gate;
mod grpc;
mod guard;
mod hints;
mod layer;
mod preflight;
mod presented;
mod protection;
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
pub use layer::BearerAuthLayer;
pub use require::{Require, RequireLayer};
pub use resource::ProtectedResource;
pub use service::BearerAuth;
pub use source::{Tickets, TokenSource};
pub use watch::{AccessTokenWatch, EndReason};

pub(crate) use credentials::bearer_token;
pub(crate) use gate::SessionSide;
pub(crate) use resource::public_json;

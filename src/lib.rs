//! Bearer-token login for Axum, Hyper and Tonic: a Tower layer that validates access tokens,
//! endpoints for login, refresh and logout, and a [`CurrentUser`] extractor.
//!
//! ```no_run
//! use axum::{Router, extract::ConnectInfo, routing::get};
//! use std::convert::Infallible;
//! use std::net::SocketAddr;
//! use tower_bearer::session::authenticate_fn;
//! use tower_bearer::{
//!     BoxError, CurrentUser, Grant, Identity, Login, MemoryStore,
//!     PasswordCredentials, Secret, Sessions,
//! };
//!
//! async fn me(CurrentUser(claims): CurrentUser) -> String {
//!     claims.subject().to_string()
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), BoxError> {
//!     let accounts = authenticate_fn(
//!         // Checks the credentials: a real application asks its users table.
//!         |login: Login<PasswordCredentials>| async move {
//!             let is_alice = login.username() == "alice"
//!                 && login.password() == "wonderland-7";
//!             Ok::<_, Infallible>(is_alice.then(|| Identity::new(1)).into())
//!         },
//!         // What the session may do: asked at login and at every refresh.
//!         |_| async { Ok(Grant::new().with_scope("admin").into()) },
//!     );
//!     let sessions = Sessions::builder(accounts, MemoryStore::new())
//!         .issuer("https://api.example.com")
//!         .audience("example-api")
//!         .secret(Secret::random()?) // or Secret::from_env("AUTH_SECRET")?
//!         // Wrong passwords are counted for each client address.
//!         .client_address(|parts| {
//!             Some(parts.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip())
//!         })
//!         .build()?;
//!
//!     let app = Router::new()
//!         .route("/me", get(me))
//!         .route_layer(sessions.layer())
//!         .nest_service("/auth", sessions.endpoints());
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     let app = app.into_make_service_with_connect_info::<SocketAddr>();
//!     Ok(axum::serve(listener, app).await?)
//! }
//! ```
//!
//! ```sh
//! curl -d 'username=alice&password=wonderland-7' localhost:3000/auth/login
//! ACCESS_TOKEN=… # the access_token of the response
//! curl -H "Authorization: Bearer $ACCESS_TOKEN" localhost:3000/me
//! ```
//!
//! [SQL users](guide::sql_users) does this with a users table and hashed passwords.
//!
//! - **Honest users stay logged in.** Two tabs that refresh at once receive the same tokens, and a
//!   dropped response does not log the user out: [how refresh works](guide::refresh).
//! - **A stolen refresh token ends its session** when it comes back after the overlap of 30
//!   seconds: [what is noticed](guide::refresh).
//! - **A logout counts** with the very next request on this process, and within a second on others,
//!   while the store answers.
//! - **Guesses at passwords are bounded**, over all processes: [`throttle`].
//! - **Failures fail closed.** While the store is down, logins and refreshes are 503, and after 30
//!   seconds access tokens are too. A layer that is missing is 500.
//! - **Tokens from elsewhere** are validated too: of [identity providers](guide::issuers), of
//!   several issuers, and those that your application issued [before](guide::moving).
//!
//! # Where to go
//!
//! | | |
//! |---|---|
//! | [`guide`] | one job a page: SQL users, login handlers of your own, web pages, other clients, scopes, tests, production |
//! | [`Sessions`] | the login flow |
//! | [`BearerAuthLayer`] | the layer, and [`RequireLayer`](bearer::RequireLayer) for one route |
//! | [`AuthEndpoints`] | login, refresh, logout and the list of devices over HTTP |
//! | [`Authenticate`] | the trait that your application implements |
//! | [`CurrentUser`] | who sends a request |
//! | [`SessionStore`](store::SessionStore) | where sessions are: [`MemoryStore`], SQLite, PostgreSQL, Redis, or your own |
//!
//! # Features
//!
//! | feature | | what it adds |
//! |---|---|---|
//! | `axum` | default | extractors; `TokenResponse` and `SessionError` as responses |
//! | `aws_lc_rs` | default | signatures with aws-lc-rs, and keys that are prepared once |
//! | `rust_crypto` | | signatures with the RustCrypto crates; pulls in `rsa` (RUSTSEC-2023-0071) |
//! | `jwks` | | `RemoteJwks`: an issuer's keys, fetched with `reqwest` and `rustls` |
//! | `cookie` | | `CookieDelivery`: tokens as cookies, and the check for cross-site requests |
//! | `sqlite` | | `SqliteStore` |
//! | `postgres` | | `PostgresStore`, for PostgreSQL 13 or later |
//! | `redis` | | `RedisStore`, for Redis 6.2 or later, or Valkey |
//! | `argon2` | | `Passwords` |
//! | `uuid` | | a subject from a `Uuid` |
//! | `utoipa` | | `AuthEndpoints::openapi`: the endpoints as a document of utoipa 6 |
//! | `metrics` | | counters of logins, refusals and revocations, and times of the store, for the exporters of [`metrics`](https://docs.rs/metrics) |
//! | `test-util` | | `TestTokens`, `ManualClock`, the conformance suite for stores |
//!
//! One of `aws_lc_rs` and `rust_crypto` is needed, also with `default-features = false`; with both,
//! aws-lc-rs signs. Rust 1.88; `sqlite` and `postgres` need 1.94. `sqlx` 0.9 does not resolve
//! beside `rusqlite` above 0.39.
//!
//! 0.1 supports axum 0.8, sqlx 0.9, redis 1 and utoipa 6: [versions](guide::versions). Their types
//! appear in the public API under their features alone.

#![cfg_attr(docsrs, feature(doc_cfg))]
// Tests and examples may use `unwrap`. In the library no input may reach a panic.
#![warn(clippy::unwrap_used)]

#[cfg(not(any(feature = "aws_lc_rs", feature = "rust_crypto")))]
compile_error!(
    "tower-bearer needs a provider of signatures: turn on its feature `aws_lc_rs` (the default) or \
     `rust_crypto`"
);

mod base64url;
pub mod bearer;
mod browser;
mod client_network;
pub mod clock;
mod digest;
pub mod edge;
pub mod endpoint;
mod error;
#[cfg(feature = "axum")]
pub mod extract;
mod familiarity;
#[cfg(any(doc, doctest))]
pub mod guide;
mod json;
pub mod keys;
mod limits;
#[cfg(tower_bearer_loom)]
mod model;
pub mod names;
mod once;
mod parameters;
#[cfg(feature = "argon2")]
pub mod password;
mod refused_login;
mod request_context;
mod revocation;
mod sensitive;
pub mod session;
mod shown;
pub mod store;
mod sync;
mod task;
#[cfg(feature = "test-util")]
pub mod test_util;
pub mod throttle;
pub mod token;
mod url;
mod user;

// What most applications name. Everything else has one home, in its module.
#[doc(inline)]
pub use bearer::{BearerAuthLayer, BearerError};
#[doc(inline)]
pub use endpoint::AuthEndpoints;
#[cfg(feature = "cookie")]
#[doc(inline)]
pub use endpoint::CookieDelivery;
pub use error::{BoxError, ConfigError};
#[cfg(feature = "jwks")]
#[doc(inline)]
pub use keys::RemoteJwks;
#[doc(inline)]
pub use keys::{KeySet, Secret, SigningKey};
#[doc(inline)]
pub use names::{Scope, Subject};
#[cfg(feature = "argon2")]
#[doc(inline)]
pub use password::{Passwords, Verification};
#[doc(inline)]
pub use session::{
    Authenticate, Authorization, AuthorizeRequest, Login, LoginCredentials, NoCredentials, Outcome,
    PasswordCredentials, SessionError, SessionPolicy, Sessions, TokenResponse,
};
#[doc(inline)]
pub use store::MemoryStore;
#[cfg(feature = "postgres")]
#[doc(inline)]
pub use store::PostgresStore;
#[cfg(feature = "redis")]
#[doc(inline)]
pub use store::RedisStore;
#[cfg(feature = "sqlite")]
#[doc(inline)]
pub use store::SqliteStore;
#[doc(inline)]
pub use token::{AccessTokenClaims, AccessTokenVerifier, Grant, Identity};
pub use user::{CurrentUser, LoadUser, LoadUserRequest};

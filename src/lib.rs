#![doc = include_str!("../README.md")]
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
#[cfg(all(any(doc, doctest), feature = "axum", feature = "test-util"))]
pub mod guide;
mod json;
pub mod keys;
mod limits;
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

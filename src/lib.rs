#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// In tests and examples it is the shortest way to fail; here no input may reach it.
#![warn(clippy::unwrap_used)]

#[cfg(not(any(feature = "aws_lc_rs", feature = "rust_crypto")))]
compile_error!(
    "tower-bearer needs a provider of signatures: turn on its feature `aws_lc_rs` (the default) or `rust_crypto`"
);

pub mod bearer;
mod browser;
mod clock;
mod digest;
mod edge;
pub mod endpoint;
mod error;
#[cfg(feature = "axum")]
mod extract;
mod json;
pub mod keys;
mod limits;
pub mod names;
mod once;
mod parameters;
#[cfg(feature = "argon2")]
mod password;
mod request_context;
pub mod revocation;
pub mod session;
pub mod store;
mod task;
#[cfg(feature = "test-util")]
pub mod test_util;
pub mod token;
mod url;
mod user;

pub use bearer::{
    AccessTokenWatch, BearerAuthLayer, BearerError, BearerErrorKind, EndReason, ProtectedResource,
    RequireLayer, Tickets, TokenSource,
};
pub use clock::{Clock, SystemClock, Timestamp};
pub use edge::ClientAddress;
#[cfg(feature = "cookie")]
pub use endpoint::CookieDelivery;
pub use endpoint::{
    AuthEndpoints, JwksEndpoint, LoginEndpoint, LogoutEndpoint, LogoutEverywhereEndpoint,
    RefreshEndpoint, ResourceMetadataEndpoint, ServerMetadataEndpoint, SessionsEndpoint,
    TicketEndpoint, TokenEndpoint,
};
pub use error::{BoxError, ConfigError};
#[cfg(feature = "axum")]
pub use extract::{BearerRejection, EndpointRejection};
pub use keys::{
    AccessToken, Algorithm, KeySet, KeySource, RefreshToken, Secret, SharedKeySet, SigningKey,
    SigningKeys,
};
#[cfg(feature = "jwks")]
pub use keys::{HttpClient, JwksError, RemoteJwks};
pub use limits::REVOCATION_RETENTION;
pub use names::{Audience, InvalidScope, InvalidSessionId, Issuer, Scope, SessionId, Subject};
#[cfg(feature = "argon2")]
pub use password::{PasswordError, Passwords, Verification};
pub use request_context::RequestContext;
pub use session::{
    Authenticate, Authorization, AuthorizeRequest, Ended, Login, LoginCredentials, NoCredentials,
    Outcome, PasswordCredentials, Refresh, SessionError, SessionErrorKind, SessionPolicy, Sessions,
    SessionsBuilder, StoreOutage, TokenResponse,
};
#[cfg(feature = "postgres")]
pub use store::PostgresStore;
#[cfg(feature = "redis")]
pub use store::RedisStore;
#[cfg(feature = "sqlite")]
pub use store::SqliteStore;
pub use store::{MemoryStore, Session, SessionStore, StoreError};
pub use token::{
    AccessTokenClaims, AccessTokenSigner, AccessTokenVerifier, Grant, Identity, IdentityError,
    LegacyTokens, LegacyUser, SignError, VerifyError, VerifyErrorKind,
};
pub use user::{CurrentUser, LoadUser, LoadUserRequest};

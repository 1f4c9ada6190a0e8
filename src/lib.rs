#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
// In tests and examples it is the shortest way to fail; here no input may reach it.
#![warn(clippy::unwrap_used)]

#[cfg(not(any(feature = "aws_lc_rs", feature = "rust_crypto")))]
compile_error!("tower-bearer needs a provider of signatures: turn on its feature `aws_lc_rs` (the default) or `rust_crypto`");

mod address;
mod background;
pub mod bearer;
mod clock;
mod deadline;
pub mod endpoint;
mod error;
#[cfg(feature = "axum")]
mod extract;
#[cfg(feature = "argon2")]
mod password;
pub mod session;
pub mod store;
#[cfg(feature = "test-util")]
pub mod test_util;
pub mod token;
mod user;

pub use bearer::{
    AccessTokenWatch, BearerAuthLayer, BearerError, BearerErrorKind, ProtectedResource, RequireScopeLayer, Tickets, TokenEnd,
    TokenSource,
};
pub use clock::{Clock, SystemClock, Timestamp};
#[cfg(feature = "cookie")]
pub use endpoint::CookieDelivery;
pub use endpoint::{
    AuthEndpoints, JwksEndpoint, LoginEndpoint, LogoutEndpoint, LogoutEverywhereEndpoint, RefreshEndpoint,
    ResourceMetadataEndpoint, ServerMetadataEndpoint, SessionsEndpoint, TicketEndpoint, TokenEndpoint,
};
pub use error::{BoxError, ConfigError};
#[cfg(feature = "axum")]
pub use extract::CurrentUserRejection;
#[cfg(feature = "argon2")]
pub use password::{PasswordCheck, PasswordError, Passwords};
pub use session::{
    Authenticate, NoCredentials, PasswordCredentials, Refresh, SessionError, SessionErrorKind, SessionPolicy, Sessions,
    StoreOutage, TokenResponse,
};
#[cfg(feature = "postgres")]
pub use store::PostgresStore;
#[cfg(feature = "redis")]
pub use store::RedisStore;
#[cfg(feature = "sqlite")]
pub use store::SqliteStore;
pub use store::{MemoryStore, Session, SessionStore, StoreError};
pub use token::{
    AccessToken, AccessTokenClaims, AccessTokenSigner, AccessTokenVerifier, Algorithm, Audience, FormerTokens, Grant,
    InvalidScope, InvalidSessionId, Issuer, KeySet, KeySource, REVOCATION_RETENTION, RefreshToken, Scope, Secret, SessionId,
    SharedKeySet, SignError, SigningKey, SigningKeys, Subject, VerifyError, VerifyErrorKind,
};
#[cfg(feature = "jwks")]
pub use token::{HttpClient, JwksError, RemoteJwks};
pub use user::{CurrentUser, LoadUser};

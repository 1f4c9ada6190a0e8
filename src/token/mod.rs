//! The two tokens, and who makes them.
//!
//! | token | made by | read by | form |
//! |---|---|---|---|
//! | access token | [`AccessTokenSigner`] | [`AccessTokenVerifier`], at every request | a signed JWT (RFC 9068), 30 minutes |
//! | refresh token | [`Sessions`](crate::Sessions) | [`Sessions`](crate::Sessions), at `/auth/refresh` and `/auth/logout` | opaque, `rt1_…` |
//!
//! Neither is ever accepted as the other: they differ in shape, in key and in how they are checked.
//!
//! What both flows share lives here: [`SessionId`], the revocations, the receipts.

mod algorithm;
mod claims;
mod crypto;
mod digest;
mod former;
mod grant;
mod json;
mod jwk;
mod jws;
mod key;
mod key_set;
mod key_source;
mod name;
mod receipt;
#[cfg(feature = "jwks")]
mod remote;
mod revocation;
mod scope;
mod scope_claim;
mod secret;
mod session_id;
mod signer;
mod signing_key;
mod signing_keys;
#[cfg(test)]
mod vectors;
mod verifier;
mod verifiers;
mod verify_error;

pub use algorithm::Algorithm;
pub use claims::AccessTokenClaims;
pub use former::FormerTokens;
pub use grant::Grant;
pub use key_set::KeySet;
pub use key_source::{KeySource, SharedKeySet};
pub use name::{Audience, Issuer, Subject};
#[cfg(feature = "jwks")]
pub use remote::{HttpClient, JwksError, RemoteJwks};
pub use revocation::{REVOCATION_RETENTION, Revocation};
pub use scope::{InvalidScope, Scope};
pub use secret::{AccessToken, RefreshToken, Secret};
pub use session_id::{InvalidSessionId, SessionId};
pub use signer::{AccessTokenSigner, SignError};
pub use signing_key::SigningKey;
pub use signing_keys::SigningKeys;
pub use verifier::AccessTokenVerifier;
pub use verify_error::{VerifyError, VerifyErrorKind};

pub(crate) use claims::SessionClaims;
pub(crate) use digest::digest;
pub(crate) use json::UniqueObject;
pub(crate) use key_source::KeysFuture;
pub(crate) use receipt::{Receipt, Receipts, StartSync, ensure_started};
pub(crate) use revocation::{MAX_ACCESS_TOKEN_LIFETIME, PULL_DEADLINE, REFRESH_DEADLINE, RevocationSource, Revocations};
pub(crate) use verifiers::{Refused, Verifiers};

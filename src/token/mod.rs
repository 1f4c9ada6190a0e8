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
mod grant;
mod json;
mod jwk;
mod key;
mod key_set;
mod name;
mod receipt;
mod revocation;
mod scope;
mod secret;
mod session_id;
mod signer;
mod signing_key;
mod verifier;

pub use algorithm::Algorithm;
pub use claims::AccessTokenClaims;
pub use grant::Grant;
pub use key_set::KeySet;
pub use name::{Audience, Issuer, Subject};
pub use revocation::{REVOCATION_RETENTION, Revocation};
pub use scope::{InvalidScope, Scope};
pub use secret::{AccessToken, RefreshToken, Secret};
pub use session_id::{InvalidSessionId, SessionId};
pub use signer::{AccessTokenSigner, SignError};
pub use signing_key::SigningKey;
pub use verifier::{AccessTokenVerifier, VerifyError, VerifyErrorKind};

pub(crate) use claims::SessionClaims;
pub(crate) use digest::digest;
pub(crate) use json::UniqueObject;
pub(crate) use receipt::{Receipt, Receipts, StartSync, ensure_started};
pub(crate) use revocation::{MAX_ACCESS_TOKEN_LIFETIME, PULL_DEADLINE, REFRESH_DEADLINE, RevocationSource, Revocations};

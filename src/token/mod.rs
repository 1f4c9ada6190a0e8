//! Access tokens: their signer, their verifier and their claims.
//!
//! | token | made by | read by | form |
//! |---|---|---|---|
//! | access token | [`AccessTokenSigner`] | [`AccessTokenVerifier`], at every request | a signed JWT (RFC 9068), 30 minutes |
//! | refresh token | [`Sessions`](crate::Sessions) | [`Sessions`](crate::Sessions), at `/auth/refresh` and `/auth/logout` | opaque, `rt1_…` |
//!
//! Neither is ever accepted as the other: they differ in form, in key and in how they are checked.

mod accepted_issuer;
mod cache;
mod checks;
mod claim_form;
mod claim_path;
mod claims;
mod error;
mod error_kind;
mod explain;
mod explanation;
mod form;
mod grant;
mod header;
mod identity;
mod identity_error;
mod issuer_index;
mod issuers;
mod json;
mod jws;
mod legacy;
mod legacy_user;
mod parsed_token;
mod payload;
mod required_claim;
mod scope_claim;
mod settings;
mod signer;
mod stamp;
mod stored;
mod tenants;
mod text;
mod typ;
mod typed;
#[cfg(test)]
mod vectors;
mod verifier;
mod verifier_builder;
mod wire;

pub use claims::AccessTokenClaims;
pub use error::VerifyError;
pub use error_kind::VerifyErrorKind;
pub use explanation::Explanation;
pub use grant::Grant;
pub use identity::Identity;
pub(crate) use identity::session_data;
pub use identity_error::IdentityError;
pub use legacy::LegacyTokens;
pub use legacy_user::LegacyUser;
pub use signer::{AccessTokenSigner, SignError};
pub use stamp::Stamp;
pub use tenants::Tenants;
pub use typed::ClaimError;
pub use verifier::AccessTokenVerifier;
pub use verifier_builder::AccessTokenVerifierBuilder;

pub(crate) use cache::Unknown;
pub(crate) use issuers::Verifiers;
pub(crate) use signer::TokenOrigin;
pub(crate) use wire::CLIENT;

//! [`VerifyError`] says why a token was refused.

use std::fmt;

/// The reason for which a token was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError(VerifyErrorKind);

/// The reasons for which [`AccessTokenVerifier`](crate::AccessTokenVerifier) refuses a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// The token is larger than 8 KiB.
    TooLarge,
    /// The token is not a signed JWT, or a claim is missing, of the wrong type, or repeated.
    Malformed,
    /// The `typ` is not that of an access token (RFC 9068 section 2.1).
    WrongType,
    /// The header has `crit`, which names extensions that a verifier has to understand (RFC 7515
    /// section 4.1.11).
    CriticalExtension,
    /// No key has that `kid` and that algorithm.
    UnknownKey,
    /// The issuer's keys are not known yet, so the token may be valid.
    KeysUnavailable,
    /// No key made this signature.
    BadSignature,
    /// The token has expired: `exp` is in the past.
    Expired,
    /// The token is not valid yet: `nbf` is in the future.
    NotYetValid,
    /// The token has another issuer (`iss`).
    WrongIssuer,
    /// The token is for another audience (`aud`).
    WrongAudience,
    /// The token is bound to a key of its sender (`cnf`, RFC 7800 section 3.1), and nothing here
    /// asks for a proof of that key.
    ProofNeeded,
}

impl VerifyError {
    /// Returns the reason.
    #[must_use]
    pub fn kind(&self) -> VerifyErrorKind {
        self.0
    }
}

impl From<VerifyErrorKind> for VerifyError {
    fn from(kind: VerifyErrorKind) -> Self {
        Self(kind)
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            VerifyErrorKind::TooLarge => "the token is larger than 8 KiB",
            VerifyErrorKind::Malformed => "the token is malformed",
            VerifyErrorKind::WrongType => "the token is not an access token (typ)",
            VerifyErrorKind::CriticalExtension => {
                "the token requires an extension that is not supported (crit)"
            }
            VerifyErrorKind::UnknownKey => "the key that signed the token is not known",
            VerifyErrorKind::KeysUnavailable => "the issuer's keys are not known yet",
            VerifyErrorKind::BadSignature => "the signature of the token is invalid",
            VerifyErrorKind::Expired => "the token has expired (exp)",
            VerifyErrorKind::NotYetValid => "the token is not valid yet (nbf)",
            VerifyErrorKind::WrongIssuer => "the token is from another issuer (iss)",
            VerifyErrorKind::WrongAudience => "the token is for another audience (aud)",
            VerifyErrorKind::ProofNeeded => {
                "the token is bound to a key of its sender, and nothing here asks for a proof of \
                 it (cnf)"
            }
        })
    }
}

impl std::error::Error for VerifyError {}

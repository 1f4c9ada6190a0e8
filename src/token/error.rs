//! [`VerifyError`]: why a token was refused.

use std::fmt;

/// Why a token was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError(VerifyErrorKind);

/// The reasons for which [`AccessTokenVerifier`](crate::AccessTokenVerifier) refuses a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// Above 8 KiB.
    TooLarge,
    /// No signed JWT, or claims that are missing, of the wrong type, or stand twice.
    Malformed,
    /// `typ` is not that of an access token (RFC 9068 section 2.1).
    WrongType,
    /// `crit` is there (RFC 7515 section 4.1.11).
    CriticalExtension,
    /// No key with that `kid` and that algorithm.
    UnknownKey,
    /// The issuer's keys are not known yet: the token may be good.
    KeysUnavailable,
    /// No key made this signature.
    BadSignature,
    /// `exp` has passed.
    Expired,
    /// `nbf` lies ahead.
    NotYetValid,
    /// `iss` is another.
    WrongIssuer,
    /// `aud` does not name us.
    WrongAudience,
}

impl VerifyError {
    /// The reason.
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
            VerifyErrorKind::TooLarge => "the token is above 8 KiB",
            VerifyErrorKind::Malformed => "the token is malformed",
            VerifyErrorKind::WrongType => "the token is no access token (typ)",
            VerifyErrorKind::CriticalExtension => "the token demands an extension (crit)",
            VerifyErrorKind::UnknownKey => "the token names no key of ours",
            VerifyErrorKind::KeysUnavailable => "the issuer's keys are not known yet",
            VerifyErrorKind::BadSignature => "the signature is wrong",
            VerifyErrorKind::Expired => "the token has expired",
            VerifyErrorKind::NotYetValid => "the token is not valid yet",
            VerifyErrorKind::WrongIssuer => "the token is from another issuer",
            VerifyErrorKind::WrongAudience => "the token is for another audience",
        })
    }
}

impl std::error::Error for VerifyError {}

//! [`VerifyErrorKind`] has the reasons for which a token is refused.

/// The reasons for which [`AccessTokenVerifier`](crate::AccessTokenVerifier) refuses a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// The token is larger than
    /// [`max_token_bytes`](crate::token::AccessTokenVerifierBuilder::max_token_bytes).
    TooLarge,
    /// The token is not a JWT. Only its issuer can say what it means (RFC 7662), or it is a token
    /// of another kind, such as a refresh token.
    Opaque,
    /// The token is encrypted: a JWE of five parts (RFC 7516).
    Encrypted,
    /// The token is not a signed JWT, or a member of its header or a claim is repeated, at any
    /// depth.
    Malformed,
    /// The `typ` is not that of an access token (RFC 9068 section 2.1), or the closure of
    /// [`LegacyTokens`](crate::token::LegacyTokens) returned `None`.
    WrongType,
    /// The token has no `typ` of its own, and has a claim of ID tokens or logout tokens: `at_hash`,
    /// `c_hash` or `events`.
    LooksLikeIdToken,
    /// The header has `crit`, which names extensions that a verifier has to understand (RFC 7515
    /// section 4.1.11), or a `b64` that is not `true`, which a JWT must not have (RFC 7797 section
    /// 7).
    CriticalExtension,
    /// No key has that `kid` and that algorithm.
    UnknownKey,
    /// The key is in the issuer's set, but cannot be used.
    KeyLeftOut,
    /// The issuer's keys are not known yet, so the token may be valid.
    KeysUnavailable,
    /// No key made this signature.
    BadSignature,
    /// The token has no `exp`.
    NoExpiry,
    /// The token has expired: `exp` is in the past.
    Expired,
    /// The token is not valid yet: `nbf` is in the future.
    NotYetValid,
    /// The token has no `iss`.
    NoIssuer,
    /// The token has another issuer (`iss`).
    WrongIssuer,
    /// The token has no audience: no `aud`, or not the claim that the verifier reads it from.
    NoAudience,
    /// The token is for another audience (`aud`).
    WrongAudience,
    /// The token has no subject: no `sub`, or not the claim that the verifier reads it from.
    NoSubject,
    /// A claim that is needed has another type than it should.
    InvalidClaim,
    /// A claim that has to have a certain value has another one, or is absent.
    WrongClaim,
    /// The token is bound to a key of its sender (`cnf`, RFC 7800 section 3.1), and nothing here
    /// asks for a proof of that key.
    ProofNeeded,
}

impl VerifyErrorKind {
    /// Returns the sentence for the log.
    pub(super) fn sentence(self) -> &'static str {
        match self {
            Self::TooLarge => "the token is too large",
            Self::Opaque => "the token is opaque: it is not a JWT, so only its issuer can check it",
            Self::Encrypted => {
                "the token is encrypted (JWE), and only the holder of its key can read it. The \
                 issuer has to send signed tokens"
            }
            Self::Malformed => "the token is malformed",
            Self::WrongType => "the token is not an access token (typ)",
            Self::LooksLikeIdToken => "the token looks like an ID token",
            Self::CriticalExtension => {
                "the token requires an extension that is not supported (crit, b64)"
            }
            Self::UnknownKey => "the key that signed the token is not known",
            Self::KeyLeftOut => "the key that signed the token cannot be used",
            Self::KeysUnavailable => "the issuer's keys are not known yet",
            Self::BadSignature => "the signature of the token is invalid",
            Self::NoExpiry => "the token has no end (exp)",
            Self::Expired => "the token has expired (exp)",
            Self::NotYetValid => "the token is not valid yet (nbf)",
            Self::NoIssuer => "the token has no issuer (iss)",
            Self::WrongIssuer => "the token is from another issuer (iss)",
            Self::NoAudience => "the token has no audience",
            Self::WrongAudience => "the token is for another audience",
            Self::NoSubject => "the token has no subject",
            Self::InvalidClaim => "a claim of the token has the wrong type",
            Self::WrongClaim => "a claim of the token has another value than it should",
            Self::ProofNeeded => {
                "the token is bound to a key of its sender, and nothing here asks for a proof of \
                 it (cnf)"
            }
        }
    }
}

//! [`AccessTokenVerifier`]: an access token becomes claims, or an error.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::claims::{AccessTokenClaims, UnjudgedClaims};
use super::json::UniqueObject;
use super::key::Key;
use super::key_set::KeySet;
use super::name::{Audience, Issuer};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::error::ConfigError;

/// Checks access tokens (RFC 9068 section 4, RFC 8725).
///
/// A token passes if **all** of this holds:
///
/// - it is a signed JWT of at most 8 KiB, with `typ` `at+jwt` or `application/at+jwt`, and without `crit`;
/// - a key of the [`KeySet`] signed it, by that key's one algorithm;
/// - no name stands twice in its header or among its claims;
/// - `iss` is the issuer, and `aud` is or contains one of the audiences, byte by byte;
/// - `exp` is there and lies ahead, `nbf` if there does not, both give or take the leeway; `sub` is there.
///
/// Everything else is refused. Unknown members are ignored. Keys or addresses in the token's header are never looked at.
///
/// ```
/// use tower_bearer::{AccessTokenVerifier, KeySet};
///
/// let keys = KeySet::from_jwk(r#"{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#)?;
/// let verifier = AccessTokenVerifier::new("https://id.example.com", "example-api", keys)?;
/// assert!(verifier.verify("no.token.this").is_err());
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct AccessTokenVerifier {
    issuer: Issuer,
    audiences: Arc<[Audience]>,
    keys: Arc<KeySet>,
    leeway: Duration,
    clock: Arc<dyn Clock>,
}

impl AccessTokenVerifier {
    /// A verifier of the tokens that `issuer` makes for `audience`.
    ///
    /// # Errors
    ///
    /// One of the names is empty, or there is no key.
    pub fn new(issuer: &str, audience: &str, keys: KeySet) -> Result<Self, ConfigError> {
        if keys.is_empty() {
            return Err(ConfigError::new("there is no key to verify tokens with"));
        }
        Ok(Self::from_parts(Issuer::new(issuer)?, Audience::new(audience)?, keys, Arc::new(SystemClock)))
    }

    pub(super) fn from_parts(issuer: Issuer, audience: Audience, keys: KeySet, clock: Arc<dyn Clock>) -> Self {
        Self { issuer, audiences: [audience].into(), keys: Arc::new(keys), leeway: Self::DEFAULT_LEEWAY, clock }
    }

    /// Accepts tokens for this audience too.
    ///
    /// # Errors
    ///
    /// The name is empty.
    pub fn with_audience(mut self, audience: &str) -> Result<Self, ConfigError> {
        self.audiences = self.audiences.iter().cloned().chain([Audience::new(audience)?]).collect();
        Ok(self)
    }

    /// How far the issuer's clock may be off ours. 60 seconds by default; at most 5 minutes, more becomes 5 minutes
    /// (RFC 7519 section 4.1.4: "usually no more than a few minutes").
    #[must_use]
    pub fn with_leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway.min(Self::MAX_LEEWAY);
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Checks a token.
    ///
    /// # Errors
    ///
    /// The token is refused. The kind of the error is for logs and tests; to a client all but an expired token look the same.
    pub fn verify(&self, token: &str) -> Result<AccessTokenClaims, VerifyError> {
        let claims = self.verify_signature(token)?;
        if self.clock.now() >= claims.expires_at + self.leeway {
            return Err(VerifyError(VerifyErrorKind::Expired));
        }
        self.judge(claims)
    }

    /// Like [`verify`](Self::verify), but a token that has ended passes too: it may still say which session to end.
    pub(crate) fn verify_but_for_expiry(&self, token: &str) -> Result<AccessTokenClaims, VerifyError> {
        self.judge(self.verify_signature(token)?)
    }

    fn judge(&self, claims: UnjudgedClaims) -> Result<AccessTokenClaims, VerifyError> {
        if claims.not_before.is_some_and(|moment: Timestamp| moment > self.clock.now() + self.leeway) {
            return Err(VerifyError(VerifyErrorKind::NotYetValid));
        }
        if claims.issuer != self.issuer.as_str() {
            return Err(VerifyError(VerifyErrorKind::WrongIssuer));
        }
        let ours = |audience: &&Audience| claims.audience.iter().any(|name| name == audience.as_str());
        let audience = self.audiences.iter().find(ours).ok_or(VerifyError(VerifyErrorKind::WrongAudience))?;
        Ok(claims.judged(&self.issuer, audience))
    }

    fn verify_signature(&self, token: &str) -> Result<UnjudgedClaims, VerifyError> {
        const MALFORMED: VerifyError = VerifyError(VerifyErrorKind::Malformed);
        if token.len() > MAX_TOKEN_BYTES {
            return Err(VerifyError(VerifyErrorKind::TooLarge));
        }
        let (message, signature) = token.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, payload) = message.split_once('.').ok_or(MALFORMED)?;
        // A third dot, as in a JWE, is no base64url: the payload is refused below.
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| MALFORMED)?;
        let message = message.as_bytes();

        let mut usual = self.keys.by_usual_header(header).peekable();
        let key = if usual.peek().is_some() {
            first_that_verifies(usual, message, &signature)?
        } else {
            let header = Header::parse(header)?;
            let mut candidates = self.keys.candidates(header.kid.as_deref(), &header.algorithm).peekable();
            if candidates.peek().is_none() {
                return Err(VerifyError(VerifyErrorKind::UnknownKey));
            }
            first_that_verifies(candidates, message, &signature)?
        };
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| MALFORMED)?;
        UnjudgedClaims::parse(&payload, key.is_own()).map_err(|_| MALFORMED)
    }

    pub(crate) const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);
    pub(crate) const MAX_LEEWAY: Duration = Duration::from_secs(300);
}

fn first_that_verifies<'k>(
    mut keys: impl Iterator<Item = &'k Key>,
    message: &[u8],
    signature: &[u8],
) -> Result<&'k Key, VerifyError> {
    keys.find(|key| key.verify(message, signature)).ok_or(VerifyError(VerifyErrorKind::BadSignature))
}

struct Header {
    algorithm: String,
    kid: Option<String>,
}

impl Header {
    fn parse(segment: &str) -> Result<Self, VerifyError> {
        const MALFORMED: VerifyError = VerifyError(VerifyErrorKind::Malformed);
        let json = URL_SAFE_NO_PAD.decode(segment).map_err(|_| MALFORMED)?;
        let UniqueObject(mut header) = serde_json::from_slice(&json).map_err(|_| MALFORMED)?;

        // RFC 9068 section 4; the media type's name has no case, and may have its prefix (RFC 7515 section 4.1.9).
        let is_access_token = header
            .get("typ")
            .and_then(Value::as_str)
            .is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt"));
        if !is_access_token {
            return Err(VerifyError(VerifyErrorKind::WrongType));
        }
        // We understand no extension, and an empty list is not allowed (RFC 7515 section 4.1.11).
        if header.contains_key("crit") {
            return Err(VerifyError(VerifyErrorKind::CriticalExtension));
        }
        let Some(Value::String(algorithm)) = header.remove("alg") else { return Err(MALFORMED) };
        let kid = match header.remove("kid") {
            None => None,
            Some(Value::String(kid)) => Some(kid),
            Some(_) => return Err(MALFORMED),
        };
        Ok(Self { algorithm, kid })
    }
}

pub(super) const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Why a token was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError(VerifyErrorKind);

/// The reasons for which [`AccessTokenVerifier`] refuses a token.
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

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            VerifyErrorKind::TooLarge => "the token is above 8 KiB",
            VerifyErrorKind::Malformed => "the token is malformed",
            VerifyErrorKind::WrongType => "the token is no access token (typ)",
            VerifyErrorKind::CriticalExtension => "the token demands an extension (crit)",
            VerifyErrorKind::UnknownKey => "the token names no key of ours",
            VerifyErrorKind::BadSignature => "the signature is wrong",
            VerifyErrorKind::Expired => "the token has expired",
            VerifyErrorKind::NotYetValid => "the token is not valid yet",
            VerifyErrorKind::WrongIssuer => "the token is from another issuer",
            VerifyErrorKind::WrongAudience => "the token is for another audience",
        })
    }
}

impl std::error::Error for VerifyError {}

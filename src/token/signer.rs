//! [`AccessTokenSigner`] makes an access token from an identity and a grant.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::claims::{AccessTokenClaims, Claims};
use super::form::Form;
use super::grant::{Grant, Ungrantable};
use super::identity::Identity;
use super::payload::PayloadStart;
use super::text::{Late, Part, TokenText};
use super::verifier::AccessTokenVerifier;
use crate::base64url;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::error::ConfigError;
use crate::keys::{AccessToken, KeySource, OwnKeys, SigningKeys};
use crate::names::{Audience, Issuer, SessionClaims, Subject};
use crate::once::DoneIn;

/// Makes access tokens (RFC 9068): a JWT with `typ: at+jwt` and the claims `iss`, `sub`, `aud`,
/// `exp`, `iat`, `jti`; `scope` if there is one; `auth_time` for a session, and where the identity
/// has it; `sid` and `gen` for a session.
///
/// The tokens have no `client_id`, which RFC 9068 asks for, since this crate keeps no registry of
/// clients. An application that has one adds it with [`Grant::with_claim`].
///
/// The lifetime has no random part. Tokens that were made together expire together, so clients that
/// refresh ahead of time should spread out.
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::token::AccessTokenSigner;
/// use tower_bearer::{Grant, Identity, Secret, SigningKey};
///
/// let key = SigningKey::hs256(&Secret::random()?)?;
/// let signer = AccessTokenSigner::new("https://api.example.com", "example-api", key)?;
/// let token = signer.sign(&Identity::new("alice"), &Grant::new(), Duration::from_secs(300))?;
/// let claims = signer.verifier().verify(token.secret())?;
/// assert_eq!(claims.subject().as_str(), "alice");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct AccessTokenSigner {
    issuer: Issuer,
    audience: Audience,
    payloads: PayloadStart,
    keys: SigningKeys,
    clock: Arc<dyn Clock>,
}

impl AccessTokenSigner {
    /// Makes a signer. `issuer` is by convention the `https` URL of this service, and `audience`
    /// names the services that accept its tokens. `keys` is one [`SigningKey`](crate::SigningKey),
    /// or [`SigningKeys`] that are rotated.
    ///
    /// # Errors
    ///
    /// One of the names is empty.
    pub fn new(
        issuer: &str,
        audience: &str,
        keys: impl Into<SigningKeys>,
    ) -> Result<Self, ConfigError> {
        let (issuer, audience) = (Issuer::new(issuer)?, Audience::new(audience)?);
        Ok(Self::of(issuer, audience, keys.into()))
    }

    pub(crate) fn of(issuer: Issuer, audience: Audience, keys: SigningKeys) -> Self {
        Self {
            payloads: PayloadStart::new(&issuer, &audience),
            issuer,
            audience,
            keys,
            clock: Arc::new(SystemClock),
        }
    }

    /// Takes the time from `clock`, as do the [keys](Self::keys) and [verifiers](Self::verifier)
    /// that are made from this signer later.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Makes a token that belongs to no session, so it cannot be revoked before it expires.
    ///
    /// The token names the subject of the identity, and when the user
    /// [authenticated](Identity::with_authenticated_at) if the application says so. It has the
    /// lifetime of this call, not that of the grant.
    ///
    /// # Errors
    ///
    /// See [`SignError`].
    pub fn sign(
        &self,
        identity: &Identity,
        grant: &Grant,
        lifetime: Duration,
    ) -> Result<AccessToken, SignError> {
        let now = self.clock.now();
        let origin = TokenOrigin {
            session: None,
            auth_time: identity.authenticated_at.map(|at| at.min(now)),
        };
        let end = now + lifetime;
        let (token, _) = self.sign_claims(identity.subject(), grant.clone(), origin, now, end)?;
        Ok(token)
    }

    /// Makes a verifier for the tokens of this signer, with the same issuer, audience, keys and
    /// clock.
    #[must_use]
    pub fn verifier(&self) -> AccessTokenVerifier {
        let names = (self.issuer.clone(), self.audience.clone());
        AccessTokenVerifier::of_own_tokens(names, self.keys(), Arc::clone(&self.clock))
    }

    /// Returns the keys that check these tokens, at the time of this signer's clock, for
    /// [`JwksEndpoint`](crate::endpoint::JwksEndpoint).
    #[must_use]
    pub fn keys(&self) -> KeySource {
        OwnKeys::new(self.keys.clone(), Arc::clone(&self.clock)).into()
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn signing_keys(&self) -> SigningKeys {
        self.keys.clone()
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn audience(&self) -> &Audience {
        &self.audience
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Makes a token, and returns the claims that a verifier would read in it.
    pub(crate) fn sign_claims(
        &self,
        subject: &Subject,
        grant: Grant,
        origin: TokenOrigin,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(AccessToken, AccessTokenClaims), SignError> {
        if subject.as_str().is_empty() {
            return Err(SignError::EmptySubject);
        }
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| SignError::Randomness)?;
        // Times are whole seconds on the wire.
        let whole = |moment: Timestamp| Timestamp::from_secs(moment.as_secs());
        let claims = Claims {
            issuer: self.issuer.clone(),
            audience: self.audience.clone(),
            subject: Late::made(subject.clone()),
            id: Some(Part::Own(URL_SAFE_NO_PAD.encode(id).into())),
            issued_at: Some(whole(now)),
            expires_at: whole(expires_at),
            not_before: None,
            auth_time: origin.auth_time.map(whole),
            scope: Late::made(grant.scope().clone()),
            scope_claims: None,
            session: origin.session,
            form: Form::Signed,
            verifier: 0,
            bytes_read: 0,
            extra: grant.into_extra()?.into(),
            text: TokenText::default(),
            receipt_queued: DoneIn::default(),
        };

        let key = self.keys.sign_until(expires_at, now);
        let payload = self.payloads.payload(&claims);
        let payload = payload.map_err(|_| SignError::Claims)?;
        let length = key.header().len() + base64url::encoded(payload.len()) + USUAL_SIGNATURE;
        let mut token = Vec::with_capacity(length);
        token.extend_from_slice(key.header().as_bytes());
        token.push(b'.');
        base64url::append(&mut token, &payload);
        let signature = key.sign(&token).ok_or(SignError::Provider)?;
        token.push(b'.');
        base64url::append(&mut token, &signature);
        if token.len() > MAX_SIGNED_BYTES {
            return Err(SignError::TooLarge);
        }
        // The header and base64url are ASCII.
        let token = String::from_utf8(token).map_err(|_| SignError::Claims)?;
        Ok((AccessToken::new(token), AccessTokenClaims::new(claims)))
    }
}

/// The session that a token belongs to, and when its user authenticated.
#[derive(Clone, Copy)]
pub(crate) struct TokenOrigin {
    pub(crate) session: Option<SessionClaims>,
    pub(crate) auth_time: Option<Timestamp>,
}

impl From<Ungrantable> for SignError {
    fn from(ungrantable: Ungrantable) -> Self {
        match ungrantable {
            Ungrantable::Claim(name, cause) => Self::Claim { name, cause },
            Ungrantable::ReservedClaims(names) => Self::ReservedClaims { names },
            Ungrantable::Claims => Self::Claims,
            Ungrantable::Lifetime => Self::Lifetime,
        }
    }
}

/// No access token could be made. The application is at fault, never the client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The identity has an empty subject.
    EmptySubject,
    /// The value of a claim of the grant does not fit JSON.
    #[non_exhaustive]
    Claim {
        /// The name of the claim.
        name: String,
        /// What its `Serialize` or `serde_json` says.
        cause: String,
    },
    /// Claims of the grant have names that are registered, ours or reserved: see
    /// [`Grant::with_claim`].
    #[non_exhaustive]
    ReservedClaims {
        /// The names, in the order of the grant.
        names: Vec<String>,
    },
    /// The claims of [`Grant::with_claims`] are not a JSON object.
    Claims,
    /// The lifetime of [`Grant::with_access_token_lifetime`] is not from one second to 24 hours.
    Lifetime,
    /// The token would be above 8 KiB, which many servers and proxies refuse: the grant has
    /// too many claims.
    TooLarge,
    /// The operating system has no randomness.
    Randomness,
    /// The provider of signatures failed to sign with the key.
    Provider,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptySubject => f.write_str("the identity has an empty subject"),
            Self::Claim { name, cause } => {
                write!(f, "the grant's claim {name:?} does not fit JSON: {cause}")
            }
            Self::ReservedClaims { names } => {
                write!(
                    f,
                    "the grant has claims with registered or reserved names: {}. Leave them out; \
                     the token has its own",
                    names.join(", ")
                )
            }
            Self::Claims => f.write_str("the grant's claims are not a JSON object"),
            Self::Lifetime => {
                f.write_str("the grant's access token lifetime is not from one second to 24 hours")
            }
            Self::TooLarge => {
                f.write_str("the token would be above 8 KiB: the grant has too many claims")
            }
            Self::Randomness => f.write_str("no randomness from the operating system"),
            Self::Provider => f.write_str("the key made no signature"),
        }
    }
}

impl std::error::Error for SignError {}

/// The most bytes of a token that we sign. A request with it fits the limits of usual proxies.
const MAX_SIGNED_BYTES: usize = 8 * 1024;
/// Two dots, and a signature with HS256, ES256 or EdDSA.
const USUAL_SIGNATURE: usize = 88;

//! [`AccessTokenSigner`]: a grant becomes an access token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::grant::Grant;
use super::jws::MAX_TOKEN_BYTES;
use super::verifier::AccessTokenVerifier;
use super::wire::{AUD, AUTH_TIME, EXP, GEN, IAT, ISS, JTI, SCOPE, SID, SUB};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::error::ConfigError;
use crate::keys::{AccessToken, KeySource, OwnKeys, SigningKeys};
use crate::names::SessionClaims;
use crate::names::{Audience, Issuer};

/// Makes access tokens (RFC 9068): a JWT with `typ: at+jwt` and the claims `iss`, `sub`, `aud`, `exp`, `iat`, `jti`; `scope` if there is
/// one; `sid`, `gen` and `auth_time` for a session.
///
/// There is no `client_id`, which RFC 9068 asks for: this crate keeps no registry of clients. An application that has one adds it by
/// [`Grant::with_claim`].
///
/// The lifetime has no random part. Tokens that were made together end together; clients that refresh ahead of time should spread out.
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::{AccessTokenSigner, Grant, Secret, SigningKey};
///
/// let key = SigningKey::hs256(&Secret::random()?)?;
/// let signer = AccessTokenSigner::new("https://api.example.com", "example-api", key)?;
/// let token = signer.sign(&Grant::new("alice"), Duration::from_secs(300))?;
/// let claims = signer.verifier().verify(token.secret())?;
/// assert_eq!(claims.subject().as_str(), "alice");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct AccessTokenSigner {
    issuer: Issuer,
    audience: Audience,
    keys: SigningKeys,
    clock: Arc<dyn Clock>,
}

impl AccessTokenSigner {
    /// `issuer` is by convention the `https` address of this service, and `audience` names those who accept its tokens. A [`SigningKey`](crate::SigningKey)
    /// signs for good, [`SigningKeys`] one after the other.
    ///
    /// # Errors
    ///
    /// One of the names is empty.
    pub fn new(issuer: &str, audience: &str, keys: impl Into<SigningKeys>) -> Result<Self, ConfigError> {
        let keys = keys.into();
        Ok(Self { issuer: Issuer::new(issuer)?, audience: Audience::new(audience)?, keys, clock: Arc::new(SystemClock) })
    }

    /// Takes the time from `clock`; [`Sessions`](crate::Sessions), its verifier and its layer do so too.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Makes a token of its own, which belongs to no session: nothing revokes it before it ends.
    ///
    /// # Errors
    ///
    /// See [`SignError`].
    pub fn sign(&self, grant: &Grant, lifetime: Duration) -> Result<AccessToken, SignError> {
        let now = self.clock.now();
        self.sign_claims(grant, None, now, now + lifetime)
    }

    /// A verifier for the tokens of this signer: same issuer, audience, keys and clock.
    #[must_use]
    pub fn verifier(&self) -> AccessTokenVerifier {
        let names = (self.issuer.clone(), self.audience.clone());
        AccessTokenVerifier::of_own_tokens(names, self.keys(), Arc::clone(&self.clock))
    }

    /// The keys that check these tokens, at the time of this signer's clock: for [`JwksEndpoint`](crate::JwksEndpoint).
    #[must_use]
    pub fn keys(&self) -> KeySource {
        OwnKeys { keys: self.keys.clone(), clock: Arc::clone(&self.clock) }.into()
    }

    pub(crate) fn audience(&self) -> &Audience {
        &self.audience
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// `session` comes with the time at which the user proved who he is.
    pub(crate) fn sign_claims(
        &self,
        grant: &Grant,
        session: Option<(SessionClaims, Timestamp)>,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<AccessToken, SignError> {
        if grant.subject().as_str().is_empty() {
            return Err(SignError::EmptySubject);
        }
        let extra = grant.extra().map_err(|name| SignError::Claim { name: name.to_owned() })?;
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| SignError::Randomness)?;

        let mut claims: Map<String, Value> = extra.clone();
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        set(ISS, self.issuer.as_str().into());
        set(SUB, grant.subject().as_str().into());
        set(AUD, self.audience.as_str().into());
        set(EXP, expires_at.as_secs().into());
        set(IAT, now.as_secs().into());
        set(JTI, URL_SAFE_NO_PAD.encode(id).into());
        if !grant.scope().is_empty() {
            set(SCOPE, grant.scope().as_str().into());
        }
        if let Some((SessionClaims { id, generation }, auth_time)) = session {
            set(SID, id.to_string().into());
            set(AUTH_TIME, auth_time.as_secs().into());
            if let Some(generation) = generation {
                set(GEN, generation.into());
            }
        }

        let key = self.keys.sign_until(expires_at, now);
        let mut token = String::with_capacity(512);
        token.push_str(key.header());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(Value::Object(claims).to_string(), &mut token);
        let signature = key.sign(token.as_bytes()).ok_or(SignError::Provider)?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        if token.len() > MAX_TOKEN_BYTES {
            return Err(SignError::TooLarge);
        }
        Ok(AccessToken::new(token))
    }
}

/// Why no access token could be made. All of it is the application's to mend, none of it the client's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The grant has an empty subject.
    EmptySubject,
    /// The grant has a claim that cannot be: see [`Grant::with_claim`].
    Claim {
        /// The name of the claim.
        name: String,
    },
    /// The token would be above 8 KiB, which no verifier accepts: the grant has too many claims.
    TooLarge,
    /// The operating system has no randomness to give.
    Randomness,
    /// The key made no signature.
    Provider,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptySubject => f.write_str("the grant has an empty subject"),
            Self::Claim { name } => {
                write!(f, "the grant's claim {name:?} bears a registered name or one of ours, or has no form in JSON")
            }
            Self::TooLarge => f.write_str("the token would be above 8 KiB: the grant has too many claims"),
            Self::Randomness => f.write_str("no randomness from the operating system"),
            Self::Provider => f.write_str("the key made no signature"),
        }
    }
}

impl std::error::Error for SignError {}

//! [`KeySet`] is the keys that a verifier trusts.

use std::fmt;
use std::sync::Arc;

use jsonwebtoken::DecodingKey;
use serde_json::{Value, json};

use super::algorithm::{Algorithm, Family};
use super::crypto::PublicKey;
use super::crypto::rsa_public_key;
use super::jwk;
use super::key::Key;
use crate::error::ConfigError;

/// The keys that an [`AccessTokenVerifier`](crate::AccessTokenVerifier) trusts, each with its one
/// algorithm.
///
/// A token names its key with `kid`, which is looked up in this set alone. A token with an unknown
/// `kid` is tried with the keys that have no name, and a token without `kid` with all keys. Only
/// keys with the token's algorithm are tried.
///
/// ```
/// use tower_bearer::KeySet;
///
/// let keys = KeySet::from_jwk_set(r#"{"keys": [{
///     "kty": "OKP", "crv": "Ed25519", "kid": "2026",
///     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
/// }]}"#)?;
/// assert_eq!(keys.len(), 1);
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone, Default)]
pub struct KeySet(Vec<Arc<Key>>);

impl KeySet {
    /// Reads a JWK set (RFC 7517 section 5).
    ///
    /// A key that cannot be used (of an unknown type, for encryption, malformed) is left out and
    /// logged. It does not affect the other keys.
    ///
    /// # Errors
    ///
    /// The text is not a JWK set, or none of its keys can be used.
    pub fn from_jwk_set(json: &str) -> Result<Self, ConfigError> {
        let set = jwk::read_set(json, usize::MAX, |_| Ok(()))?;
        for (index, error) in &set.left_out {
            tracing::warn!(index, %error, "a key of the JWK set is left out");
        }
        if set.keys.is_empty() {
            return Err(ConfigError::new(
                "no key of the JWK set can be used for signatures",
            ));
        }
        Ok(set.into())
    }

    /// Reads one JWK (RFC 7517 section 4): `RSA`, `EC` (P-256, P-384), `OKP` (Ed25519) or `oct`.
    ///
    /// Without `alg` the algorithm follows from the type of the key: RS256, ES256, ES384, EdDSA or
    /// HS256.
    ///
    /// # Errors
    ///
    /// The key cannot be used. The error says why.
    pub fn from_jwk(json: &str) -> Result<Self, ConfigError> {
        jwk::read_text(json).map(Self::one)
    }

    /// Reads a public key in PEM: `PUBLIC KEY`, or `RSA PUBLIC KEY`. The key has no `kid`: see
    /// [`with_kid`](Self::with_kid).
    ///
    /// # Errors
    ///
    /// The text is not a public key, or the key does not fit `algorithm`.
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, ConfigError> {
        if !pem.contains("PUBLIC KEY-----") {
            return Err(ConfigError::new(
                "the PEM is not a public key. Try: openssl pkey -in private.pem -pubout",
            ));
        }
        let unreadable =
            |_| ConfigError::new(format!("the PEM is not a public key for {algorithm}"));
        let key = match algorithm.family() {
            Family::Rsa => DecodingKey::from_rsa_pem(pem.as_bytes()),
            Family::P256 | Family::P384 => DecodingKey::from_ec_pem(pem.as_bytes()),
            Family::Ed25519 => DecodingKey::from_ed_pem(pem.as_bytes()),
            Family::Hmac => {
                return Err(ConfigError::new(
                    "HMAC keys have no PEM. Use KeySet::from_hmac_secret",
                ));
            }
        }
        .map_err(unreadable)?;
        let bytes = key.try_get_as_bytes().map_err(unreadable)?;
        let public = match algorithm.family() {
            Family::Rsa => rsa_public_key(bytes)?,
            Family::Ed25519 => PublicKey::ed25519(bytes)?,
            _ => PublicKey::point(bytes)?,
        };
        Key::public(None, algorithm, public).map(Self::one)
    }

    /// Takes a secret that is shared with the issuer, for HS256, HS384 or HS512.
    ///
    /// # Errors
    ///
    /// The algorithm is another one, or the secret is shorter than its hash: 32, 48 or 64 bytes
    /// (RFC 7518 section 3.2).
    pub fn from_hmac_secret(
        algorithm: Algorithm,
        secret: impl AsRef<[u8]>,
    ) -> Result<Self, ConfigError> {
        Key::hmac(None, algorithm, secret.as_ref()).map(Self::one)
    }

    /// Gives every key of the set this name.
    #[must_use]
    pub fn with_kid(mut self, kid: &str) -> Self {
        for key in &mut self.0 {
            // Clones of the set share the old key, so this set gets one of its own.
            *key = Arc::new(key.named(kid));
        }
        self
    }

    /// Adds the keys of another set, such as the next keys of an issuer that rotates its keys. No
    /// key is replaced, even if both sets have a key of the same name.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Returns the number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the public keys as a JWK set (RFC 7517 section 5). HMAC keys are never in it.
    #[must_use]
    pub fn to_public_jwk_set(&self) -> String {
        let keys: Vec<Value> = self
            .0
            .iter()
            .filter_map(|key| key.to_public_jwk())
            .collect();
        json!({ "keys": keys }).to_string()
    }

    pub(crate) fn has_public(&self) -> bool {
        self.0.iter().any(|key| key.to_public_jwk().is_some())
    }

    pub(crate) fn names(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    pub(crate) fn one(key: Key) -> Self {
        Self(vec![Arc::new(key)])
    }

    /// Returns the keys whose usual header is exactly this segment. They are the keys that
    /// [`candidates`](Self::candidates) would return for it.
    pub(crate) fn by_usual_header(&self, segment: &str) -> impl Iterator<Item = &Key> {
        self.0
            .iter()
            .map(|key| &**key)
            .filter(move |key| key.usual_header.as_deref() == Some(segment))
    }

    /// Returns the keys that a header may mean.
    pub(crate) fn candidates<'k>(
        &'k self,
        kid: Option<&str>,
        algorithm: &str,
    ) -> impl Iterator<Item = &'k Key> {
        let named = kid.is_some_and(|kid| self.names(kid));
        let meant = move |key: &&Key| match kid {
            Some(kid) if named => key.kid.as_deref() == Some(kid),
            Some(_) => key.kid.is_none(),
            None => true,
        };
        self.0
            .iter()
            .map(|key| &**key)
            .filter(meant)
            .filter(move |key| key.algorithm.as_str() == algorithm)
    }
}

impl From<jwk::Set> for KeySet {
    fn from(set: jwk::Set) -> Self {
        Self(set.keys)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|key| (key.kid.as_deref(), key.algorithm)))
            .finish()
    }
}

//! [`SigningKey`] is the key that signs our own access tokens.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;
use serde_json::json;
use zeroize::Zeroizing;

use super::algorithm::{Algorithm, Family};
use super::crypto::Signer;
use super::jwk;
use super::key::{Key, header};
use super::key_set::KeySet;
use super::private_pem::unusable;
use super::public_jwk;
use super::secret::Secret;
use crate::error::ConfigError;

/// The key that signs our own access tokens.
///
/// HS256 needs only the application's [`Secret`], and suits a service that checks its own tokens.
/// Where other services check them, use an asymmetric key: they read its public part from
/// `/.well-known/jwks.json`, and cannot sign tokens with it.
///
/// ```
/// use tower_bearer::keys::Algorithm;
/// use tower_bearer::{Secret, SigningKey};
///
/// let key = SigningKey::hs256(&Secret::random()?)?;
/// assert_eq!(key.algorithm(), Algorithm::Hs256);
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    private: Arc<Private>,
    /// Shared, because each token that is signed takes a copy of the key.
    keys: Arc<KeySet>,
}

struct Private {
    algorithm: Algorithm,
    signer: Signer,
    /// The header segment of every token that this key signs.
    header: String,
    hmac_secret: Option<Zeroizing<Vec<u8>>>,
}

impl SigningKey {
    /// Uses HS256 with a key that is derived from `secret`. Tokens that were signed with its
    /// previous secrets are still accepted.
    ///
    /// # Errors
    ///
    /// There are none today. A later provider of signatures may refuse a key.
    pub fn hs256(secret: &Secret) -> Result<Self, ConfigError> {
        let ring = secret
            .derive::<32>("HS256 key")
            .zip(secret.derive::<9>("HS256 key id"));
        let mut keys = ring.map(|(key, kid)| {
            Self::hmac(Some(URL_SAFE_NO_PAD.encode(*kid)), Algorithm::Hs256, &*key)
        });
        let current = keys
            .next()
            .ok_or(ConfigError::from_static("the ring of secrets is empty"))??;
        keys.try_fold(current, |current, previous| {
            Ok(current.with_previous(previous?))
        })
    }

    /// Reads a private key in PEM (PKCS#8). An RSA key signs with RS256, P-256 with ES256, P-384
    /// with ES384, P-521 with ES512, and Ed25519 with EdDSA.
    ///
    /// The `kid` is the thumbprint of the key (RFC 7638).
    ///
    /// # Errors
    ///
    /// The text is not such a key, or the key is weak (RSA below 2048 bits).
    pub fn from_pem(pem: &str) -> Result<Self, ConfigError> {
        // All of them have the same PEM label, so each is tried.
        if let Ok(key) = EncodingKey::from_ed_pem(pem.as_bytes()) {
            return Self::private(Algorithm::EdDsa, &key);
        }
        if let Ok(key) = EncodingKey::from_ec_pem(pem.as_bytes()) {
            return Self::private(Algorithm::Es256, &key)
                .or_else(|_| Self::private(Algorithm::Es384, &key))
                .or_else(|_| Self::private(Algorithm::Es512, &key));
        }
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| {
            let cure =
                "the PEM is not a private key in PKCS#8. Try: openssl genpkey -algorithm ed25519";
            unusable(pem, cure)
        })?;
        Self::private(Algorithm::Rs256, &key)
    }

    /// Reads a private RSA key in PEM (PKCS#8 or PKCS#1), for an algorithm other than RS256.
    ///
    /// # Errors
    ///
    /// The text is not an RSA key, or `algorithm` does not use one.
    pub fn from_rsa_pem(algorithm: Algorithm, pem: &str) -> Result<Self, ConfigError> {
        if algorithm.family() != Family::Rsa {
            return Err(ConfigError::new(format!(
                "{algorithm} does not sign with RSA"
            )));
        }
        let key = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| {
            unusable(
                pem,
                "the PEM is not a private RSA key. Try: openssl genrsa 3072",
            )
        })?;
        Self::private(algorithm, &key)
    }

    /// Reads an `oct` JWK (RFC 7518 section 6.4), which is an HMAC key that is shared with others.
    /// Without `alg` the algorithm is HS256.
    ///
    /// # Errors
    ///
    /// The text is not such a key, or the key is shorter than the hash of its algorithm.
    pub fn from_jwk(json: &str) -> Result<Self, ConfigError> {
        let jwk = jwk::read_oct(json)?;
        Self::hmac(jwk.kid, jwk.algorithm, &jwk.secret)
    }

    /// Goes on accepting the tokens that `previous` signed, until they expire. It signs nothing
    /// new.
    #[must_use]
    pub fn with_previous(mut self, previous: Self) -> Self {
        let keys = Arc::unwrap_or_clone(self.keys);
        self.keys = Arc::new(keys.merge(Arc::unwrap_or_clone(previous.keys)));
        self
    }

    /// Returns the algorithm with which this key signs.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.private.algorithm
    }

    /// Returns the keys that check the tokens of this key and of the previous keys.
    #[must_use]
    pub fn key_set(&self) -> KeySet {
        KeySet::clone(&self.keys)
    }

    /// Returns the HMAC key as a JWK, for a service that checks our tokens. Everyone who has it can
    /// also sign tokens. It is `None` for an asymmetric key.
    #[must_use]
    pub fn dangerous_export_jwk(&self) -> Option<String> {
        let secret = URL_SAFE_NO_PAD.encode(self.private.hmac_secret.as_deref()?);
        Some(
            json!({ "kty": "oct", "alg": self.private.algorithm.as_str(), "k": secret })
                .to_string(),
        )
    }

    pub(crate) fn header(&self) -> &str {
        &self.private.header
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.private.signer.sign(message)
    }

    fn hmac(kid: Option<String>, algorithm: Algorithm, secret: &[u8]) -> Result<Self, ConfigError> {
        let header = header(kid.as_deref(), algorithm);
        // This refuses a short key, and an algorithm that is not HMAC.
        let keys = Arc::new(KeySet::one(Key::hmac(kid, algorithm, secret)?));
        let signer = Signer::hmac(algorithm, secret);
        let hmac_secret = Some(Zeroizing::new(secret.to_vec()));
        Ok(Self {
            private: Arc::new(Private {
                algorithm,
                signer,
                header,
                hmac_secret,
            }),
            keys,
        })
    }

    fn private(algorithm: Algorithm, key: &EncodingKey) -> Result<Self, ConfigError> {
        let (signer, public) = Signer::private(algorithm, key.as_bytes())?;
        let kid = public_jwk::thumbprint(&public);
        let header = header(Some(&kid), algorithm);
        let keys = Arc::new(KeySet::one(Key::public(Some(kid), algorithm, public)?));
        Ok(Self {
            private: Arc::new(Private {
                algorithm,
                signer,
                header,
                hmac_secret: None,
            }),
            keys,
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.private.algorithm)
            .finish_non_exhaustive()
    }
}

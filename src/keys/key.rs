//! [`Key`] checks signatures with its one algorithm.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::algorithm::{Algorithm, Family};
use super::certificate;
use super::crypto::{PublicKey, Verifier};
use super::public_jwk;
use crate::error::ConfigError;

/// A key that checks signatures.
pub(crate) struct Key {
    pub(crate) kid: Option<String>,
    pub(crate) algorithm: Algorithm,
    /// Whether the key named no algorithm, so that the usual one of its type was taken.
    pub(crate) algorithm_is_assumed: bool,
    /// The member `issuer` of its JWK. Nothing here judges it.
    pub(crate) issuer: Option<Box<str>>,
    material: Arc<Material>,
    /// The header segment that our signer writes with this key. It is compared before anything is
    /// parsed. A key without a name has none, since a token that names no key may mean any.
    pub(crate) usual_header: Option<String>,
}

struct Material {
    verifier: Verifier,
    public: Option<PublicKey>,
}

impl Key {
    pub(crate) fn public(
        kid: Option<String>,
        algorithm: Algorithm,
        public: PublicKey,
    ) -> Result<Self, ConfigError> {
        if public.family() != algorithm.family() {
            return Err(ConfigError::new(format!(
                "the key does not fit {algorithm}"
            )));
        }
        let verifier = Verifier::public(algorithm, &public)?;
        Ok(Self::new(
            kid,
            algorithm,
            Arc::new(Material {
                verifier,
                public: Some(public),
            }),
        ))
    }

    pub(crate) fn hmac(
        kid: Option<String>,
        algorithm: Algorithm,
        secret: &[u8],
    ) -> Result<Self, ConfigError> {
        check_hmac(algorithm, secret)?;
        Self::dangerous_hmac(kid, algorithm, secret)
    }

    /// Takes a secret of any length but zero.
    pub(crate) fn dangerous_hmac(
        kid: Option<String>,
        algorithm: Algorithm,
        secret: &[u8],
    ) -> Result<Self, ConfigError> {
        check_secret(algorithm, secret)?;
        let verifier = Verifier::hmac(algorithm, secret);
        Ok(Self::new(
            kid,
            algorithm,
            Arc::new(Material {
                verifier,
                public: None,
            }),
        ))
    }

    fn new(kid: Option<String>, algorithm: Algorithm, material: Arc<Material>) -> Self {
        let usual_header = kid.as_deref().map(|kid| header(Some(kid), algorithm));
        Self {
            kid,
            algorithm,
            algorithm_is_assumed: false,
            issuer: None,
            material,
            usual_header,
        }
    }

    pub(crate) fn named(&self, kid: &str) -> Self {
        let material = Arc::clone(&self.material);
        Self {
            algorithm_is_assumed: self.algorithm_is_assumed,
            issuer: self.issuer.clone(),
            ..Self::new(Some(kid.to_owned()), self.algorithm, material)
        }
    }

    /// Returns whether this is the same key with the same name and algorithm. A secret is the same
    /// only if it is a clone: nothing compares secrets.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (own, theirs) = (&self.material, &other.material);
        let is_same_material =
            Arc::ptr_eq(own, theirs) || (own.public.is_some() && own.public == theirs.public);
        is_same_material
            && self.kid == other.kid
            && self.algorithm == other.algorithm
            && self.algorithm_is_assumed == other.algorithm_is_assumed
            && self.issuer == other.issuer
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.material.verifier.verify(message, signature)
    }

    pub(crate) fn to_public_jwk(&self) -> Option<Value> {
        self.material
            .public
            .as_ref()
            .map(|public| public_jwk::write(public, self.algorithm, self.kid.as_deref()))
    }
}

/// The `typ` of our own tokens (RFC 9068 section 2.1).
pub(crate) const OUR_TYP: &str = "at+jwt";

/// Returns the header segment of our own tokens, as it is on the wire.
pub(crate) fn header(kid: Option<&str>, algorithm: Algorithm) -> String {
    let mut header = json!({ "typ": OUR_TYP, "alg": algorithm.as_str() });
    if let Some(kid) = kid {
        header["kid"] = kid.into();
    }
    URL_SAFE_NO_PAD.encode(header.to_string())
}

/// Refuses what is not a secret.
fn check_secret(algorithm: Algorithm, secret: &[u8]) -> Result<(), ConfigError> {
    if algorithm.family() != Family::Hmac {
        return Err(ConfigError::new(format!(
            "a shared secret does not fit {algorithm}"
        )));
    }
    if secret.is_empty() {
        return Err(ConfigError::from_static("the shared secret is empty"));
    }
    // Everyone knows a public key (RFC 8725 section 2.1).
    if is_public_key(secret) {
        return Err(ConfigError::from_static(
            "the shared secret is a key of another type, which is not secret. For PEM use \
             KeySet::from_pem, for a JWK KeySet::from_jwk",
        ));
    }
    Ok(())
}

/// Returns whether this is a key in PEM, of SSH, as a JWK, or as DER, perhaps in base64.
fn is_public_key(secret: &[u8]) -> bool {
    let is_pem = secret.windows(PEM.len()).any(|window| window == PEM);
    let is_jwk = serde_json::from_slice::<Value>(secret)
        .is_ok_and(|json| json.get("kty").or(json.get("keys")).is_some());
    let text: Vec<u8> = secret
        .iter()
        .copied()
        .filter(u8::is_ascii_graphic)
        .collect();
    let decoded = STANDARD.decode(text).unwrap_or_default();
    is_pem
        || is_jwk
        || secret.starts_with(b"ssh-")
        || certificate::is_public_key(secret)
        || certificate::is_public_key(&decoded)
}

const PEM: &[u8] = b"-----BEGIN ";

fn check_hmac(algorithm: Algorithm, secret: &[u8]) -> Result<(), ConfigError> {
    check_secret(algorithm, secret)?;
    let (length, needed) = (secret.len(), algorithm.hmac_key_bytes());
    if length < needed {
        return Err(ConfigError::new(format!(
            "a key for {algorithm} needs {needed} bytes, this one has {length}. \
             Try: openssl rand -base64 {needed}"
        )));
    }
    Ok(())
}

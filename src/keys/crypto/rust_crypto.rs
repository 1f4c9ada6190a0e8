//! The other provider is the RustCrypto crates, via the static provider of `jsonwebtoken`.
//!
//! Its signers are not `Sync`, so a new one is made for each use. HMAC has keys of its own.

use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm as Jws, DecodingKey, EncodingKey};
use p521::ecdsa::{SigningKey, VerifyingKey};

use super::es512;
use super::hmac_key::HmacKey;
use super::public_key::PublicKey;
use crate::error::ConfigError;
use crate::keys::algorithm::Algorithm;

/// A key that checks signatures.
pub(crate) enum Verifier {
    Hmac(Box<HmacKey>),
    Jws(Jws, Box<DecodingKey>),
    P521(Box<VerifyingKey>),
}

impl Verifier {
    pub(crate) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self {
        Self::Hmac(Box::new(HmacKey::new(algorithm, secret)))
    }

    pub(crate) fn public(algorithm: Algorithm, key: &PublicKey) -> Result<Self, ConfigError> {
        let key = match key {
            PublicKey::Rsa { n, e } => DecodingKey::from_rsa_raw_components(n, e),
            PublicKey::P256(point) => DecodingKey::from_ec_der(point),
            PublicKey::P384(point) => DecodingKey::from_ec_der(point),
            PublicKey::P521(point) => return Ok(Self::P521(Box::new(es512::verifier(point)?))),
            PublicKey::Ed25519(x) => DecodingKey::from_ed_der(x),
        };
        let algorithm = jws(algorithm);
        // A key that cannot be used is refused here, not at the first request.
        (DEFAULT_PROVIDER.verifier_factory)(&algorithm, &key)
            .map_err(|error| ConfigError::new(format!("the public key is unusable: {error}")))?;
        Ok(Self::Jws(algorithm, Box::new(key)))
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hmac(key) => key.verify(message, signature),
            Self::Jws(algorithm, key) => (DEFAULT_PROVIDER.verifier_factory)(algorithm, key)
                .is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok()),
            Self::P521(key) => es512::verify(key, message, signature),
        }
    }
}

/// A key that makes signatures.
pub(crate) enum Signer {
    Hmac(Box<HmacKey>),
    Jws(Jws, EncodingKey),
    P521(Box<SigningKey>),
}

impl Signer {
    pub(crate) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self {
        Self::Hmac(Box::new(HmacKey::new(algorithm, secret)))
    }

    /// Takes a private key in PKCS#1 (RSA) or PKCS#8 (the others).
    pub(crate) fn private(
        algorithm: Algorithm,
        der: &[u8],
    ) -> Result<(Self, PublicKey), ConfigError> {
        let utils = &DEFAULT_PROVIDER.key_utils;
        let unusable = |error| ConfigError::new(format!("the private key is unusable: {error}"));
        let (key, public) = match algorithm {
            Algorithm::Es512 => {
                let (key, public) = es512::signer(der)?;
                return Ok((Self::P521(Box::new(key)), public));
            }
            Algorithm::Es256 | Algorithm::Es384 => {
                let (_, x, y) = (utils.ec_pub_components_from_private_key)(der, jws(algorithm))
                    .map_err(unusable)?;
                (
                    EncodingKey::from_ec_der(der),
                    PublicKey::point(&[&[4], &*x, &*y].concat())?,
                )
            }
            Algorithm::EdDsa => {
                let curve = jsonwebtoken::jwk::EllipticCurve::Ed25519;
                let x =
                    (utils.ed_pub_components_from_private_key)(der, &curve).map_err(unusable)?;
                (EncodingKey::from_ed_der(der), PublicKey::ed25519(&x)?)
            }
            _ => {
                let (n, e) = (utils.rsa_pub_components_from_private_key)(der).map_err(unusable)?;
                (EncodingKey::from_rsa_der(der), PublicKey::rsa(&n, &e)?)
            }
        };
        Ok((Self::Jws(jws(algorithm), key), public))
    }

    /// Makes a signature. It is `None` where the provider fails, which is not expected with a key
    /// that it has accepted.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Hmac(key) => Some(key.sign(message)),
            Self::Jws(algorithm, key) => (DEFAULT_PROVIDER.signer_factory)(algorithm, key)
                .ok()?
                .try_sign(message)
                .ok(),
            Self::P521(key) => es512::sign(key, message),
        }
    }
}

/// Reads a public RSA key in PKCS#1.
pub(crate) fn rsa_public_key(der: &[u8]) -> Result<PublicKey, ConfigError> {
    let (n, e) = (DEFAULT_PROVIDER
        .key_utils
        .rsa_pub_components_from_public_key)(der)
    .map_err(|error| ConfigError::new(format!("the RSA key is unusable: {error}")))?;
    PublicKey::rsa(&n, &e)
}

/// ES512 has none, so its keys never get here.
const fn jws(algorithm: Algorithm) -> Jws {
    match algorithm {
        Algorithm::Hs256 => Jws::HS256,
        Algorithm::Hs384 => Jws::HS384,
        Algorithm::Hs512 => Jws::HS512,
        Algorithm::Rs256 => Jws::RS256,
        Algorithm::Rs384 => Jws::RS384,
        Algorithm::Rs512 => Jws::RS512,
        Algorithm::Ps256 => Jws::PS256,
        Algorithm::Ps384 => Jws::PS384,
        Algorithm::Ps512 => Jws::PS512,
        Algorithm::Es256 => Jws::ES256,
        Algorithm::Es384 | Algorithm::Es512 => Jws::ES384,
        Algorithm::EdDsa => Jws::EdDSA,
    }
}

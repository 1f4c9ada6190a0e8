//! The default provider is aws-lc-rs. Its keys are prepared once.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, ParsedPublicKey, RsaEncoding, RsaKeyPair,
    RsaParameters, RsaPublicKeyComponents, VerificationAlgorithm,
};

use super::public_key::PublicKey;
use crate::error::ConfigError;
use crate::keys::algorithm::Algorithm;

/// A key that checks signatures.
pub(crate) enum Verifier {
    // It is boxed, because the state of a prepared HMAC key takes about 1.2 KB.
    Hmac(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

impl Verifier {
    pub(crate) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self {
        Self::Hmac(Box::new(hmac::Key::new(digest(algorithm), secret)))
    }

    pub(crate) fn public(algorithm: Algorithm, key: &PublicKey) -> Result<Self, ConfigError> {
        let parsed = match key {
            PublicKey::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.to_parsed_public_key(rsa_parameters(algorithm))
            }
            PublicKey::P256(point) => ParsedPublicKey::new(P256, point),
            PublicKey::P384(point) => ParsedPublicKey::new(P384, point),
            PublicKey::P521(point) => ParsedPublicKey::new(P521, point),
            PublicKey::Ed25519(x) => ParsedPublicKey::new(&signature::ED25519, x),
        };
        parsed
            .map(Self::Public)
            .map_err(|rejected| ConfigError::new(format!("the public key is unusable: {rejected}")))
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Hmac(key) => hmac::verify(key, message, signature).is_ok(),
            Self::Public(key) => key.verify_sig(message, signature).is_ok(),
        }
    }
}

/// A key that makes signatures.
pub(crate) enum Signer {
    Hmac(Box<hmac::Key>),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    pub(crate) fn hmac(algorithm: Algorithm, secret: &[u8]) -> Self {
        Self::Hmac(Box::new(hmac::Key::new(digest(algorithm), secret)))
    }

    /// Takes a private key in PKCS#1 (RSA) or PKCS#8 (the others).
    pub(crate) fn private(
        algorithm: Algorithm,
        der: &[u8],
    ) -> Result<(Self, PublicKey), ConfigError> {
        let unusable =
            |rejected| ConfigError::new(format!("the private key is unusable: {rejected}"));
        match algorithm {
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 => {
                let curve = match algorithm {
                    Algorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
                    Algorithm::Es512 => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
                    _ => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                };
                let pair = EcdsaKeyPair::from_pkcs8(curve, der).map_err(unusable)?;
                let public = PublicKey::point(pair.public_key().as_ref())?;
                Ok((Self::Ec(pair), public))
            }
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_pkcs8(der).map_err(unusable)?;
                let public = PublicKey::ed25519(pair.public_key().as_ref())?;
                Ok((Self::Ed25519(pair), public))
            }
            _ => {
                let pair = RsaKeyPair::from_der(der).map_err(unusable)?;
                let public = rsa_public_key(pair.public_key().as_ref())?;
                Ok((Self::Rsa(pair, rsa_encoding(algorithm)), public))
            }
        }
    }

    /// Makes a signature. It is `None` where the provider fails, which is not expected with a key
    /// that it has accepted.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Hmac(key) => Some(hmac::sign(key, message).as_ref().to_vec()),
            Self::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature)
                    .ok()?;
                Some(signature)
            }
            Self::Ec(pair) => Some(
                pair.sign(&SystemRandom::new(), message)
                    .ok()?
                    .as_ref()
                    .to_vec(),
            ),
            Self::Ed25519(pair) => Some(pair.sign(message).as_ref().to_vec()),
        }
    }
}

/// Reads a public RSA key in PKCS#1.
pub(crate) fn rsa_public_key(der: &[u8]) -> Result<PublicKey, ConfigError> {
    let key = aws_lc_rs::rsa::PublicKey::from_der(der)
        .map_err(|rejected| ConfigError::new(format!("the RSA key is unusable: {rejected}")))?;
    let components = RsaPublicKeyComponents::<Vec<u8>>::from(&key);
    PublicKey::rsa(&components.n, &components.e)
}

const P256: &dyn VerificationAlgorithm = &signature::ECDSA_P256_SHA256_FIXED;
const P384: &dyn VerificationAlgorithm = &signature::ECDSA_P384_SHA384_FIXED;
const P521: &dyn VerificationAlgorithm = &signature::ECDSA_P521_SHA512_FIXED;

fn digest(algorithm: Algorithm) -> hmac::Algorithm {
    match algorithm {
        Algorithm::Hs384 => hmac::HMAC_SHA384,
        Algorithm::Hs512 => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    }
}

fn rsa_parameters(algorithm: Algorithm) -> &'static RsaParameters {
    match algorithm {
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => &signature::RSA_PKCS1_2048_8192_SHA256,
    }
}

fn rsa_encoding(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_SHA512,
        _ => &signature::RSA_PKCS1_SHA256,
    }
}

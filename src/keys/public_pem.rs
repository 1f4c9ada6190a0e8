//! Reads a public key in PEM.

use jsonwebtoken::DecodingKey;

use super::algorithm::{Algorithm, Family};
use super::certificate;
use super::crypto::{PublicKey, rsa_public_key};
use crate::error::ConfigError;

/// Reads a public key, or that of a certificate.
pub(crate) fn read(algorithm: Algorithm, pem: &str) -> Result<PublicKey, ConfigError> {
    if pem.contains(certificate::BEGIN) && !pem.contains("PRIVATE KEY-----") {
        return certificate::read_pem(pem);
    }
    if !pem.contains("PUBLIC KEY-----") {
        return Err(ConfigError::new(
            "the PEM is not a public key. Try: openssl pkey -in private.pem -pubout, or: \
                 openssl x509 -in cert.pem -noout -pubkey",
        ));
    }
    let unreadable = |_| ConfigError::new(format!("the PEM is not a public key for {algorithm}"));
    let key = match algorithm.family() {
        Family::Rsa => DecodingKey::from_rsa_pem(pem.as_bytes()),
        Family::P256 | Family::P384 | Family::P521 => DecodingKey::from_ec_pem(pem.as_bytes()),
        Family::Ed25519 => DecodingKey::from_ed_pem(pem.as_bytes()),
        Family::Hmac => {
            return Err(ConfigError::new(
                "HMAC keys have no PEM. Use KeySet::from_hmac_secret",
            ));
        }
    }
    .map_err(unreadable)?;
    let bytes = key.try_get_as_bytes().map_err(unreadable)?;
    match algorithm.family() {
        Family::Rsa => rsa_public_key(bytes),
        Family::Ed25519 => PublicKey::ed25519(bytes),
        _ => PublicKey::point(bytes),
    }
}

//! ES512 of the RustCrypto crates, which `jsonwebtoken` lacks.

use p521::SecretKey;
use p521::ecdsa::signature::{Signer as _, Verifier as _};
use p521::ecdsa::{Signature, SigningKey, VerifyingKey};
use p521::pkcs8::DecodePrivateKey;

use super::public_key::PublicKey;
use crate::error::ConfigError;

pub(super) fn verifier(point: &[u8]) -> Result<VerifyingKey, ConfigError> {
    VerifyingKey::from_sec1_bytes(point)
        .map_err(|error| ConfigError::new(format!("the public key is unusable: {error}")))
}

pub(super) fn verify(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    Signature::from_slice(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
}

/// Takes a private key in PKCS#8.
pub(super) fn signer(der: &[u8]) -> Result<(SigningKey, PublicKey), ConfigError> {
    let unusable = || ConfigError::from_static("the private key is not a P-521 key in PKCS#8");
    let secret = SecretKey::from_pkcs8_der(der).map_err(|_| unusable())?;
    let key = SigningKey::from_bytes(&secret.to_bytes()).map_err(|_| unusable())?;
    let point = VerifyingKey::from(&key).to_sec1_point(false);
    Ok((key, PublicKey::point(point.as_bytes())?))
}

pub(super) fn sign(key: &SigningKey, message: &[u8]) -> Option<Vec<u8>> {
    let signature: Signature = key.try_sign(message).ok()?;
    Some(signature.to_bytes().to_vec())
}

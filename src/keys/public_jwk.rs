//! A public key as a JWK, and the name that its thumbprint gives it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::algorithm::Algorithm;
use super::crypto::PublicKey;

/// The public JWK of a key.
pub(crate) fn write(key: &PublicKey, algorithm: Algorithm, kid: Option<&str>) -> Value {
    let mut jwk = required_members(key);
    jwk["alg"] = algorithm.as_str().into();
    jwk["use"] = "sig".into();
    if let Some(kid) = kid {
        jwk["kid"] = kid.into();
    }
    jwk
}

/// The name of a key that has none: its thumbprint (RFC 7638).
pub(crate) fn thumbprint(key: &PublicKey) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(required_members(key).to_string()))
}

/// In the order of their names, which section 3.3 of RFC 7638 wants.
fn required_members(key: &PublicKey) -> Value {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    match key {
        PublicKey::Rsa { n, e } => json!({ "e": encode(e), "kty": "RSA", "n": encode(n) }),
        PublicKey::P256(point) => {
            json!({ "crv": "P-256", "kty": "EC", "x": encode(&point[1..33]), "y": encode(&point[33..]) })
        }
        PublicKey::P384(point) => {
            json!({ "crv": "P-384", "kty": "EC", "x": encode(&point[1..49]), "y": encode(&point[49..]) })
        }
        PublicKey::Ed25519(x) => json!({ "crv": "Ed25519", "kty": "OKP", "x": encode(x) }),
    }
}

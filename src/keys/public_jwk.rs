//! Writes a public key as a JWK, and names a key with its thumbprint.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::algorithm::Algorithm;
use super::crypto::PublicKey;

/// Writes the public JWK of a key.
pub(crate) fn write(key: &PublicKey, algorithm: Algorithm, kid: Option<&str>) -> Value {
    let mut jwk = required_members(key);
    jwk["alg"] = algorithm.as_str().into();
    jwk["use"] = "sig".into();
    if let Some(kid) = kid {
        jwk["kid"] = kid.into();
    }
    jwk
}

/// Returns the thumbprint (RFC 7638), which is the `kid` of a key that has no other name.
pub(crate) fn thumbprint(key: &PublicKey) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(required_members(key).to_string()))
}

/// Returns the required members in the order of their names, as RFC 7638 section 3.3 demands.
fn required_members(key: &PublicKey) -> Value {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    match key {
        PublicKey::Rsa { n, e } => json!({ "e": encode(e), "kty": "RSA", "n": encode(n) }),
        PublicKey::P256(point) => {
            let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
            json!({ "crv": "P-256", "kty": "EC", "x": x, "y": y })
        }
        PublicKey::P384(point) => {
            let (x, y) = (encode(&point[1..49]), encode(&point[49..]));
            json!({ "crv": "P-384", "kty": "EC", "x": x, "y": y })
        }
        PublicKey::P521(point) => {
            let (x, y) = (encode(&point[1..67]), encode(&point[67..]));
            json!({ "crv": "P-521", "kty": "EC", "x": x, "y": y })
        }
        PublicKey::Ed25519(x) => json!({ "crv": "Ed25519", "kty": "OKP", "x": encode(x) }),
    }
}

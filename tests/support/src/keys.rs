//! Key pairs in PEM, private part first, and what tests of keys make of them.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{Grant, Identity, KeySet, SigningKey};

use crate::{AUDIENCE, ISSUER, MINUTE};

/// RSA, 2048 bits.
pub const RSA: (&str, &str) = (
    include_str!("../../data/keys/rsa2048.pem"),
    include_str!("../../data/keys/rsa2048.pub.pem"),
);
/// P-256, for ES256.
pub const P256: (&str, &str) = (
    include_str!("../../data/keys/p256.pem"),
    include_str!("../../data/keys/p256.pub.pem"),
);
/// P-384, for ES384.
pub const P384: (&str, &str) = (
    include_str!("../../data/keys/p384.pem"),
    include_str!("../../data/keys/p384.pub.pem"),
);
/// Ed25519, for EdDSA.
pub const ED25519: (&str, &str) = (
    include_str!("../../data/keys/ed25519.pem"),
    include_str!("../../data/keys/ed25519.pub.pem"),
);
/// P-521, for ES512.
pub const P521: (&str, &str) = (
    include_str!("../../data/keys/p521.pem"),
    include_str!("../../data/keys/p521.pub.pem"),
);
/// RSA, 1024 bits: too few.
pub const RSA_1024: (&str, &str) = (
    include_str!("../../data/keys/rsa1024.pem"),
    include_str!("../../data/keys/rsa1024.pub.pem"),
);
/// The private part of another Ed25519 key, which no verifier knows.
pub const STRANGER: &str = include_str!("../../data/keys/stranger.pem");
/// All algorithms of an RSA key.
pub const RSA_ALGORITHMS: [Algorithm; 6] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
];

/// The signing key of a pair.
pub fn key((private, _): (&str, &str)) -> SigningKey {
    SigningKey::from_pem(private).expect("a key")
}

/// Signs tokens of [`ISSUER`] for [`AUDIENCE`], at the time of `clock`.
pub fn signer(key: SigningKey, clock: &ManualClock) -> AccessTokenSigner {
    AccessTokenSigner::new(ISSUER, AUDIENCE, key)
        .expect("names")
        .with_clock(Arc::new(clock.clone()))
}

/// A token of `alice`, signed by this key, good for five minutes.
pub fn token(key: SigningKey, clock: &ManualClock) -> String {
    signer(key, clock)
        .sign(&Identity::new("alice"), &Grant::new(), 5 * MINUTE)
        .expect("a token")
        .secret()
        .to_owned()
}

/// The JWK of a secret.
pub fn oct(algorithm: &str, secret: &[u8]) -> String {
    json!({ "kty": "oct", "alg": algorithm, "k": URL_SAFE_NO_PAD.encode(secret) }).to_string()
}

/// One JWK of a set that holds one key.
pub fn jwk(keys: &KeySet) -> Value {
    serde_json::from_str::<Value>(&keys.to_public_jwk_set()).expect("JSON")["keys"][0].clone()
}

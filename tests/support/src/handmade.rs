//! Tokens made by hand, whatever they say, and the verifier that they are made for.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};
use tower_bearer::clock::Clock;
use tower_bearer::keys::{Algorithm, KeySource};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::AccessTokenVerifierBuilder;
use tower_bearer::{AccessTokenVerifier, KeySet};

/// The issuer of the tokens of the tests.
pub const ISSUER: &str = "https://issuer.test";
/// The audience of the tokens of the tests.
pub const AUDIENCE: &str = "test";
/// Known to the tests, so that they can sign what no signer of ours would.
pub const HMAC_KEY: &[u8] = b"Vw7pQ2sX9zL4nB8mK1cR6tY3hJ5fD0gA";
/// The header of a good token.
pub const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt"}"#;

/// A verifier that knows only [`HMAC_KEY`], at the time of `clock`.
pub fn verifier(clock: &ManualClock) -> AccessTokenVerifier {
    builder(clock).build().unwrap()
}

/// A verifier that knows these keys, at the time of `clock`.
pub fn verifier_with(keys: KeySet, clock: &ManualClock) -> AccessTokenVerifier {
    builder_with(keys, clock).build().unwrap()
}

/// The same as [`verifier`], for more settings.
pub fn builder(clock: &ManualClock) -> AccessTokenVerifierBuilder {
    builder_with(hmac_keys(), clock)
}

/// The same without an issuer.
pub fn without_issuer(clock: &ManualClock) -> AccessTokenVerifierBuilder {
    AccessTokenVerifier::builder(hmac_keys())
        .audience(AUDIENCE)
        .clock(Arc::new(clock.clone()))
}

fn hmac_keys() -> KeySet {
    KeySet::from_hmac_secret(Algorithm::Hs256, HMAC_KEY).unwrap()
}

/// The same as [`verifier_with`], for more settings.
pub fn builder_with(keys: impl Into<KeySource>, clock: &ManualClock) -> AccessTokenVerifierBuilder {
    AccessTokenVerifier::builder(keys)
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .clock(Arc::new(clock.clone()))
}

/// The claims of a good token that ends in five minutes.
pub fn claims(clock: &ManualClock) -> Value {
    json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": clock.now().as_secs() + 300 })
}

/// The same with one claim changed; `Value::Null` takes it out.
pub fn claims_with(clock: &ManualClock, name: &str, value: Value) -> Value {
    with_claim(claims(clock), name, value)
}

/// Changes one claim; `Value::Null` takes it out.
pub fn with_claim(mut claims: Value, name: &str, value: Value) -> Value {
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

/// Signs any text by HS512, whatever it says and however short the key is.
pub fn sign_hs512(key: &[u8], header: &str, payload: &str) -> String {
    let message = message(header, payload);
    let tag = Hmac::<Sha512>::new_from_slice(key)
        .unwrap()
        .chain_update(&message)
        .finalize()
        .into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn message(header: &str, payload: &str) -> String {
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    )
}

/// Signs any text by HS256, whatever it says.
pub fn sign_with(key: &[u8], header: &str, payload: &str) -> String {
    let message = message(header, payload);
    let tag = Hmac::<Sha256>::new_from_slice(key)
        .unwrap()
        .chain_update(&message)
        .finalize()
        .into_bytes();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// The same by [`HMAC_KEY`].
pub fn sign(header: &str, payload: &str) -> String {
    sign_with(HMAC_KEY, header, payload)
}

/// A token with the usual header and these claims.
pub fn token(claims: &Value) -> String {
    sign(HEADER, &claims.to_string())
}

/// One segment of a token, decoded.
pub fn segment(token: &str, index: usize) -> Value {
    let segment = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(segment).unwrap()).unwrap()
}

/// The claims of a token, not verified.
pub fn claims_of(token: &str) -> Value {
    segment(token, 1)
}

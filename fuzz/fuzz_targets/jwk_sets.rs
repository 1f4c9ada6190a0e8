//! JWK sets, and keys in PEM.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tower_bearer::keys::Algorithm;
use tower_bearer::{AccessTokenVerifier, KeySet, SigningKey};
use tower_bearer_fuzz::Log;

fuzz_target!(|text: &str| {
    let secrets = secrets(&serde_json::from_str(text).unwrap_or_default());
    // A secret that is in another member too is published by it.
    let is_once = |secret: &&str| text.matches(*secret).count() == 1;
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).filter(is_once).collect();
    let log = Log::start();
    let pem = ALGORITHMS.map(|algorithm| KeySet::from_pem(algorithm, text));
    let sets = [KeySet::from_jwk_set(text), KeySet::from_jwk(text)];
    for set in sets.into_iter().chain(pem) {
        match set {
            Ok(set) => check(&set, &secrets),
            Err(error) => assert_short(&error.to_string(), &secrets),
        }
    }
    // A private key shows nothing of itself, and signs.
    for key in [SigningKey::from_jwk(text), SigningKey::from_pem(text)] {
        match key {
            Ok(key) => {
                assert_short(&format!("{key:?}"), &secrets);
                check(&key.key_set(), &secrets);
            }
            Err(error) => assert_short(&error.to_string(), &secrets),
        }
    }
    log.assert_harmless("", &secrets);
});

/// Checks what holds for every set.
fn check(set: &KeySet, secrets: &[&str]) {
    assert!(!set.is_empty());
    let shown = format!("{set:?}");
    assert!(
        !secrets.iter().any(|secret| shown.contains(secret)),
        "{shown}"
    );
    // What is published can be read, and says the same.
    let public = set.to_public_jwk_set();
    assert!(
        !secrets.iter().any(|secret| public.contains(secret)),
        "{public}"
    );
    let value: Value = serde_json::from_str(&public).expect("JSON");
    let keys = value["keys"].as_array().expect("a list");
    assert!(keys.len() <= set.len());
    for key in keys {
        let has = |name| !key[name].is_null();
        assert!(["kty", "alg"].into_iter().all(has), "{key}");
        assert!(
            !["d", "p", "q", "dp", "dq", "qi", "k"].into_iter().any(has),
            "{key}"
        );
    }
    if !keys.is_empty() {
        let again = KeySet::from_jwk_set(&public).expect("it was written by us");
        assert_eq!(again.len(), keys.len());
        assert_eq!(again.to_public_jwk_set(), public);
    }
    // No key accepts what nobody has signed.
    let verifier = AccessTokenVerifier::builder(set.clone());
    let verifier = verifier
        .issuer("https://issuer.test")
        .audience("test")
        .build();
    let Ok(verifier) = verifier else {
        return;
    };
    for token in UNSIGNED {
        assert!(verifier.verify(token).is_err());
    }
}

/// The members of keys that are secret, where they are long enough to be one. With a space it would
/// be none, and may be what an error says anyway.
fn secrets(value: &Value) -> Vec<String> {
    let keys = value["keys"].as_array().map_or(&[][..], Vec::as_slice);
    let named =
        |key: &Value| ["d", "k", "p", "q"].map(|name| key[name].as_str().map(str::to_owned));
    let secrets = keys.iter().chain([value]).flat_map(named).flatten();
    secrets
        .filter(|secret| secret.len() >= 20 && !secret.contains(' '))
        .collect()
}

fn assert_short(text: &str, secrets: &[&str]) {
    assert!(text.len() <= 4096, "{} bytes: {text}", text.len());
    assert!(
        !secrets.iter().any(|secret| text.contains(secret)),
        "{text}"
    );
}

const ALGORITHMS: [Algorithm; 3] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256];
/// `at+jwt` of ES256, of EdDSA and of RS256, each with an empty signature or one of zeros.
const UNSIGNED: [&str; 4] = [
    "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.",
    "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.AAAA",
];

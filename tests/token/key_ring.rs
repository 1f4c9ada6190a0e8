//! Keys that are our own, those before them, and those that we share.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use support::keys::{ED25519, oct, signer, token};
use support::{HMAC_KEY, MINUTE, assert_passes, refused, signed_with, verifier_with};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;
use tower_bearer::{Grant, Identity, KeySet, MemoryStore, Secret, SigningKey};

#[tokio::test]
async fn sid_and_gen_mean_something_only_by_a_key_of_our_own() {
    let clock = ManualClock::new();
    let jwk = oct("HS256", HMAC_KEY);
    let sessions = signed_with(
        SigningKey::from_jwk(&jwk).unwrap(),
        MemoryStore::new(),
        &clock,
    )
    .build()
    .unwrap();
    let pair = sessions.start(Identity::new("alice")).await.unwrap();
    let token = pair.access_token().secret();

    assert!(
        sessions
            .verifier()
            .verify(token)
            .unwrap()
            .session_id()
            .is_some()
    );
    // The same key, read as the key of another issuer.
    let foreign = verifier_with(KeySet::from_jwk(&jwk).unwrap(), &clock);
    assert_passes(&foreign, token).await;
    assert!(foreign.verify(token).unwrap().session_id().is_none());

    // Another issuer may call anything `sid` and `gen`.
    for odd in [json!("not ours"), json!(7), json!({})] {
        let mut claims = support::claims(&clock);
        (claims["sid"], claims["gen"]) = (odd.clone(), odd);
        assert_passes(&foreign, &support::token(&claims)).await;
        assert!(
            foreign
                .verify(&support::token(&claims))
                .unwrap()
                .session_id()
                .is_none()
        );
    }
}

// requirement 33
#[tokio::test]
async fn a_ring_of_secrets_accepts_what_the_ones_before_signed() {
    let clock = ManualClock::new();
    let (old, older, unknown) = (
        Secret::random().unwrap(),
        Secret::random().unwrap(),
        Secret::random().unwrap(),
    );
    let sign = |secret: &Secret| {
        let key = SigningKey::hs256(secret).unwrap();
        signer(key, &clock)
            .sign(&Identity::new("alice"), &Grant::new(), 5 * MINUTE)
            .unwrap()
            .secret()
            .to_owned()
    };
    let ring = Secret::random()
        .unwrap()
        .with_previous(old.clone().with_previous(older.clone()));
    let verifier = signer(SigningKey::hs256(&ring).unwrap(), &clock).verifier();
    for secret in [&ring, &old, &older] {
        assert_passes(&verifier, &sign(secret)).await;
    }
    assert_eq!(
        refused(&verifier, &sign(&unknown)).await,
        VerifyErrorKind::UnknownKey
    );
    // A previous secret signs nothing new.
    let before = signer(SigningKey::hs256(&old).unwrap(), &clock).verifier();
    refused(&before, &sign(&ring)).await;
}

// requirement 33
#[tokio::test]
async fn the_key_that_is_exported_is_derived_and_verifies() {
    let clock = ManualClock::new();
    let text = "vZ1m7W0bq3Xo4kH8s2Tn6YcRfJd5LgPe";
    let key = SigningKey::hs256(&Secret::new(text).unwrap()).unwrap();
    let exported = key.dangerous_export_jwk().unwrap();
    let jwk: Value = serde_json::from_str(&exported).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(jwk["k"].as_str().unwrap()).unwrap();
    assert_eq!(bytes.len(), 32);
    assert_ne!(bytes, text.as_bytes());
    let token = signer(key, &clock)
        .sign(&Identity::new("alice"), &Grant::new(), 5 * MINUTE)
        .unwrap();
    assert_passes(
        &verifier_with(KeySet::from_jwk(&exported).unwrap(), &clock),
        token.secret(),
    )
    .await;
    // The secret itself signs nothing.
    let header = support::HEADER;
    let forged = support::sign_with(
        text.as_bytes(),
        header,
        &support::claims(&clock).to_string(),
    );
    refused(
        &verifier_with(KeySet::from_jwk(&exported).unwrap(), &clock),
        &forged,
    )
    .await;
    assert!(support::keys::key(ED25519).dangerous_export_jwk().is_none());
}

/// `KeySet::merge` and `SigningKey::with_previous` promise it for every key, and no key needs a
/// name.
#[tokio::test]
async fn a_set_tries_every_key_that_a_token_without_a_name_may_mean() {
    let clock = ManualClock::new();
    let (first, second) = (oct("HS256", &[1; 32]), oct("HS256", &[2; 32]));
    let keys = KeySet::from_jwk(&first)
        .unwrap()
        .merge(KeySet::from_jwk(&second).unwrap());
    let verifier = verifier_with(keys, &clock);
    assert_passes(
        &verifier,
        &token(SigningKey::from_jwk(&first).unwrap(), &clock),
    )
    .await;
    assert_passes(
        &verifier,
        &token(SigningKey::from_jwk(&second).unwrap(), &clock),
    )
    .await;
}

/// The docs of `SigningKey::with_previous`: "Goes on accepting what `previous` signed".
#[tokio::test]
async fn a_key_without_a_name_goes_on_accepting_what_the_one_before_signed() {
    let clock = ManualClock::new();
    let previous = SigningKey::from_jwk(&oct("HS256", &[1; 32])).unwrap();
    let old = token(previous.clone(), &clock);
    let ring = SigningKey::from_jwk(&oct("HS256", &[2; 32]))
        .unwrap()
        .with_previous(previous);
    let keys = ring.key_set();
    assert_passes(&verifier_with(keys.clone(), &clock), &token(ring, &clock)).await;
    assert_passes(&verifier_with(keys, &clock), &old).await;
}

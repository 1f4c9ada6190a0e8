//! Keys that an application replaces while verifiers use them.

use http::Request;
use support::keys::{ED25519, P256, P384, key};
use support::{AUDIENCE, ISSUER, Received, ask, builder_with};
use tower::ServiceExt;
use tower_bearer::endpoint::JwksEndpoint;
use tower_bearer::keys::{KeySource, SharedKeySet};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, KeySet, SigningKey};

fn verifier(keys: impl Into<KeySource>, clock: &ManualClock) -> AccessTokenVerifier {
    builder_with(keys, clock).build().unwrap()
}

async fn assert_good(layer: &BearerAuthLayer, key: SigningKey, clock: &ManualClock, is_good: bool) {
    let answer = ask(
        layer,
        &format!("Bearer {}", support::keys::token(key, clock)),
    )
    .await;
    match is_good {
        true => answer.assert_passed("alice"),
        false => answer.assert_refused(401, "invalid_token", "token_invalid"),
    }
}

#[tokio::test]
async fn new_keys_count_from_the_next_token_on_and_no_others() {
    let clock = ManualClock::new();
    let keys = SharedKeySet::new(key(P256).key_set());
    let layer = BearerAuthLayer::new(verifier(keys.clone(), &clock));
    assert_good(&layer, key(P256), &clock, true).await;
    assert_good(&layer, key(P384), &clock, false).await;
    keys.replace(key(P384).key_set()).unwrap();
    assert_good(&layer, key(P256), &clock, false).await;
    assert_good(&layer, key(P384), &clock, true).await;
    // "To go on accepting old tokens, keep their key: `new.merge(old)`."
    keys.replace(key(ED25519).key_set().merge(key(P384).key_set()))
        .unwrap();
    for (key, is_good) in [(key(P256), false), (key(P384), true), (key(ED25519), true)] {
        assert_good(&layer, key, &clock, is_good).await;
    }
}

#[tokio::test]
async fn every_clone_of_every_verifier_sees_it() {
    let clock = ManualClock::new();
    let keys = SharedKeySet::new(key(P256).key_set());
    let source = KeySource::from(keys.clone());
    let builder_of_clone = builder_with(keys.clone(), &clock);
    let untyped = builder_of_clone
        .clone()
        .accept_untyped_jwt()
        .build()
        .unwrap();
    let all = [
        verifier(source.clone(), &clock),
        builder_of_clone.build().unwrap(),
        untyped,
    ];
    let layers = all.map(BearerAuthLayer::new);
    let endpoint = JwksEndpoint::new(keys.clone());
    keys.clone()
        .replace(key(P384).key_set().merge(key(ED25519).key_set()))
        .unwrap();
    for layer in layers.iter().chain([&layers[0].clone().optional()]) {
        assert_good(layer, key(P384), &clock, true).await;
        assert_good(layer, key(P256), &clock, false).await;
    }
    assert_eq!(source.key_set().unwrap().len(), 2);
    let answer = Received::of(endpoint.oneshot(Request::new(String::new())).await.unwrap()).await;
    assert_eq!(answer.json()["keys"].as_array().unwrap().len(), 2);
}

/// Replacing the keys with an empty set refuses every token.
#[tokio::test]
async fn no_keys_at_all_refuse_everything() {
    let clock = ManualClock::new();
    let keys = SharedKeySet::new(key(P256).key_set());
    let verifier = verifier(keys.clone(), &clock);
    let layer = BearerAuthLayer::new(verifier.clone());
    keys.replace(KeySet::default()).unwrap();
    assert_good(&layer, key(P256), &clock, false).await;
    assert_eq!(
        verifier
            .verify(&support::keys::token(key(P256), &clock))
            .unwrap_err()
            .kind(),
        VerifyErrorKind::UnknownKey
    );
    // A verifier may begin so, if keys may come; else it is a mistake.
    assert!(
        AccessTokenVerifier::builder(keys.clone())
            .issuer(ISSUER)
            .audience(AUDIENCE)
            .build()
            .is_ok()
    );
    assert!(
        AccessTokenVerifier::builder(KeySet::default())
            .issuer(ISSUER)
            .audience(AUDIENCE)
            .build()
            .is_err()
    );
    keys.replace(key(P256).key_set()).unwrap();
    assert_good(&layer, key(P256), &clock, true).await;
}

/// Replaced from another thread, in the middle of requests: each of them sees one set or the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_replacement_in_the_middle_of_requests_harms_none() {
    let clock = ManualClock::new();
    let keys = SharedKeySet::new(key(ED25519).key_set());
    let layer = BearerAuthLayer::new(verifier(keys.clone(), &clock));
    let token = format!("Bearer {}", support::keys::token(key(ED25519), &clock));
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (layer, token) = (layer.clone(), token.clone());
        requests.spawn(async move { ask(&layer, &token).await });
    }
    for other in [P256, P384, ED25519].into_iter().cycle().take(60) {
        keys.replace(key(other).key_set().merge(key(ED25519).key_set()))
            .unwrap();
    }
    for answer in requests.join_all().await {
        answer.assert_passed("alice");
    }
}

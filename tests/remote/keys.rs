//! The keys that an issuer publishes: the first ones, the new ones, and those that are gone.

use std::error::Error;
use std::sync::Arc;

use http::Request;
use serde_json::{Value, json};
use support::keys::{ED25519, P256, P384, key};
use support::{
    AUDIENCE, MINUTE, Received, ask, at_once, claims, send, settle, signed_by, without_token,
};
use tower::ServiceExt;
use tower_bearer::clock::Clock;
use tower_bearer::endpoint::JwksEndpoint;
use tower_bearer::keys::{Algorithm, KeySource};
use tower_bearer::token::{AccessTokenSigner, LegacyTokens, LegacyUser, VerifyErrorKind};
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, Grant, Identity, KeySet};

use crate::site::{JWKS, Site, count, jwk};

#[tokio::test]
async fn the_first_request_waits_for_the_keys_and_the_next_one_does_not() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let layer = site.layer(&site.remote());
    ask(&layer, &site.bearer(&p256))
        .await
        .assert_passed("alice");
    let answer = at_once(ask(&layer, &site.bearer(&p256))).expect("an answer without waiting");
    answer.assert_passed("alice");
    // "A document of at most 256 KiB".
    assert_eq!(site.limits(), [256 * 1024]);
    assert_eq!(site.take_asked(), [JWKS]);
}

#[tokio::test]
async fn nothing_is_fetched_before_the_first_use() {
    let site = Site::of(&[&key(P256)]);
    let keys = site.remote();
    settle().await;
    assert_eq!(site.fetches(), 0);
    // "It starts the first fetch too."
    assert!(!keys.is_ready());
    settle().await;
    assert!(keys.is_ready());
    assert_eq!(site.fetches(), 1);
}

#[tokio::test]
async fn a_verifier_has_its_keys_fetched_before_the_first_token() {
    for merged in [false, true] {
        let site = Site::of(&[&key(P256)]);
        let keys = site.remote();
        let mut source = KeySource::from(keys.clone());
        if merged {
            source = source.merge(KeySet::from_hmac_secret(Algorithm::Hs256, [7; 32]).unwrap());
        }
        let builder = AccessTokenVerifier::builder(source).issuer("https://issuer.test");
        builder.audience(AUDIENCE).build().unwrap();
        settle().await;
        assert_eq!(site.fetches(), 1, "merged: {merged}");
        assert!(keys.is_ready());
    }
}

#[test]
fn outside_a_runtime_nothing_is_ready_and_nothing_panics() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let keys = site.remote();
    assert!(!keys.is_ready());
    let token = support::keys::token(p256, &site.clock);
    let error = site.verifier(&keys).verify(&token).unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::KeysUnavailable);
    assert_eq!(site.fetches(), 0);
}

#[tokio::test]
async fn renew_waits_for_the_keys() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    assert!(keys.is_ready());
    assert_eq!(site.fetches(), 1);
    at_once(ask(&site.layer(&keys), &site.bearer(&p256)))
        .expect("no waiting")
        .assert_passed("alice");
    // "Fetches now", whether it is due or not.
    keys.renew().await.unwrap();
    assert_eq!(site.fetches(), 2);
}

#[tokio::test]
async fn a_renewal_that_fails_says_so_and_keeps_the_keys() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    site.set_down(true);
    let error = keys.renew().await.unwrap_err();
    assert!(
        error
            .source()
            .unwrap()
            .to_string()
            .contains("nobody answers"),
        "{error:?}"
    );
    assert!(keys.is_ready());
    ask(&site.layer(&keys), &site.bearer(&p256))
        .await
        .assert_passed("alice");
    // The first one, too.
    let others = site.remote();
    assert!(others.renew().await.is_err());
    assert!(!others.is_ready());
}

/// "Fetches now, and waits for it": the fetch that was under way before may bring what was
/// published before.
#[tokio::test]
async fn renew_waits_for_a_fetch_that_began_after_it_was_called() {
    let (old, new) = (key(P256), key(P384));
    let site = Site::of(&[&old]);
    let keys = site.remote();
    let under_way = site.pause();
    assert!(!keys.is_ready());
    under_way.reached().await;
    site.publish(&[&old, &new]);
    let renewal = tokio::spawn({
        let keys = keys.clone();
        async move { keys.renew().await.map(|()| count(&keys)) }
    });
    settle().await;
    let own = site.pause();
    under_way.go_on();
    own.reached().await;
    settle().await;
    own.go_on();
    assert_eq!(renewal.await.unwrap().unwrap(), Some(2));
}

#[tokio::test]
async fn a_clone_is_the_same_keys() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let keys = site.remote();
    let (one, other) = (site.layer(&keys), site.layer(&keys.clone()));
    for layer in [&one, &other, &one.clone()] {
        ask(layer, &site.bearer(&p256)).await.assert_passed("alice");
    }
    assert!(keys.is_ready());
    assert_eq!(site.fetches(), 1);
}

#[tokio::test]
async fn a_new_key_is_accepted_with_the_first_token_that_names_it() {
    let (old, new) = (key(P256), key(ED25519));
    let site = Site::of(&[&old]);
    let layer = site.layer(&site.remote());
    ask(&layer, &site.bearer(&old)).await.assert_passed("alice");
    site.publish(&[&old, &new]);
    ask(&layer, &site.bearer(&new)).await.assert_passed("alice");
    ask(&layer, &site.bearer(&old)).await.assert_passed("alice");
    assert_eq!(site.fetches(), 2);
}

#[tokio::test]
async fn a_token_by_a_key_that_is_gone_is_refused_after_the_renewal() {
    let (old, new) = (key(P256), key(P384));
    let site = Site::of(&[&old, &new]);
    let keys = site.remote();
    let (layer, clone) = (site.layer(&keys), site.layer(&keys.clone()));
    let token = site.bearer(&old);
    ask(&layer, &token).await.assert_passed("alice");
    site.publish(&[&new]);
    keys.renew().await.unwrap();
    for layer in [&layer, &clone] {
        ask(layer, &token)
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
        ask(layer, &site.bearer(&new)).await.assert_passed("alice");
    }
}

#[tokio::test]
async fn a_token_asks_only_the_issuer_that_it_names() {
    const OTHER: &str = "https://other.test";
    let (ours, theirs) = (Site::of(&[&key(P256)]), Site::of(&[&key(P256)]));
    let (our_keys, their_keys) = (ours.remote(), theirs.remote());
    our_keys.renew().await.unwrap();
    their_keys.renew().await.unwrap();
    let clock = Arc::new(ours.clock.clone());
    let other = AccessTokenVerifier::builder(their_keys)
        .issuer(OTHER)
        .audience(AUDIENCE)
        .clock(clock.clone())
        .build()
        .unwrap();
    let layer = ours.layer(&our_keys).with_verifier(other).unwrap();
    // Their site hangs, and ours has a new key.
    let pause = theirs.pause();
    ours.publish(&[&key(P256), &key(P384)]);
    ask(&layer, &ours.bearer(&key(P384)))
        .await
        .assert_passed("alice");
    assert_eq!((ours.fetches(), theirs.fetches()), (2, 1));
    // Their token with that key waits for their set, and does not pass with ours.
    let signer = AccessTokenSigner::new(OTHER, AUDIENCE, key(P384))
        .unwrap()
        .with_clock(clock);
    let foreign = signer
        .sign(&Identity::new("alice"), &Grant::new(), MINUTE)
        .unwrap();
    let foreign = format!("Bearer {}", foreign.secret());
    assert!(at_once(ask(&layer, &foreign)).is_none());
    settle().await;
    assert_eq!((ours.fetches(), theirs.fetches()), (2, 2));
    at_once(ask(&layer, &ours.bearer(&key(P256))))
        .expect("no waiting")
        .assert_passed("alice");
    pause.go_on();
    settle().await;
    ask(&layer, &foreign)
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

#[tokio::test]
async fn who_bears_no_token_does_not_wait_for_keys() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let _pause = site.pause();
    let layer = site.layer(&site.remote());
    at_once(send(&layer, without_token()))
        .expect("no waiting")
        .assert_token_missing();
    at_once(send(&layer.optional(), without_token()))
        .expect("no waiting")
        .assert_passed("nobody");
}

#[tokio::test]
async fn an_endpoint_shows_the_keys_once_they_are_known() {
    let site = Site::of(&[&key(P256), &key(ED25519)]);
    let keys = site.remote();
    let endpoint = JwksEndpoint::new(keys.clone());
    let show = || async {
        Received::of(
            endpoint
                .clone()
                .oneshot(Request::new(String::new()))
                .await
                .unwrap(),
        )
        .await
    };
    let early = show().await;
    assert_eq!((early.status, early.challenge()), (503, None));
    assert!(early.headers.contains_key("retry-after"));
    keys.renew().await.unwrap();
    let answer = show().await;
    assert_eq!(
        (
            answer.status,
            answer.json()["keys"].as_array().map(Vec::len)
        ),
        (200, Some(2))
    );
}

/// The set of the legacy keys has one that any name may mean. The issuer's tokens have no `typ` of
/// their own, so they may be legacy tokens.
#[tokio::test]
async fn a_legacy_key_that_is_left_out_does_not_hide_a_new_key_of_the_issuer() {
    let (old, new) = (key(P256), key(P384));
    let site = Site::of(&[&old]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let unusable = json!({ "kty": "EC", "crv": "secp256k1" });
    let set = json!({ "keys": [jwk(&key(ED25519)), unusable] }).to_string();
    let legacy = LegacyTokens::new(
        KeySet::from_jwk_set(&set).unwrap(),
        site.clock.now() + MINUTE,
        |_: Value| Some(LegacyUser::new("bob")),
    );
    let verifier = site.builder(&keys).accept_untyped_jwt().build().unwrap();
    let layer = BearerAuthLayer::new(verifier).with_legacy_tokens(legacy);
    site.publish(&[&old, &new]);
    let header = json!({ "alg": "ES384", "typ": "JWT", "kid": jwk(&new)["kid"] });
    let token = signed_by(P384, &header, &claims(&site.clock));
    let answer = ask(&layer, &format!("Bearer {token}")).await;
    answer.assert_passed("alice");
}

//! A set that has keys, of which none can be used, is a fault of the issuer.

use std::time::Duration;

use serde_json::{Value, json};
use support::keys::{ED25519, P256, STRANGER, key};
use support::{Log, MINUTE, ask, send, settle, without_token};
use tower_bearer::SigningKey;

use crate::site::{JWKS, Site, count, jwk};

fn unusable() -> [Value; 4] {
    [
        json!({ "kty": "EC", "crv": "secp256k1", "kid": "k1", "x": "AAAA", "y": "AAAA" }),
        json!({ "kty": "oct", "kid": "shared", "k": "c2VjcmV0LXNlY3JldA" }),
        json!({ "kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB" }),
        json!("text"),
    ]
}

#[tokio::test]
async fn a_token_that_may_be_good_is_503_and_one_warning_says_why() {
    let (log, _guard) = Log::capture();
    let site = Site::new();
    site.publish_jwks(&unusable());
    let keys = site.remote();
    let layer = site.layer(&keys);
    for _ in 0..3 {
        ask(&layer, &site.bearer(&key(P256)))
            .await
            .assert_failed(503, "temporarily_unavailable");
        assert!(!keys.is_ready());
    }
    send(&layer, without_token()).await.assert_token_missing();
    // No renewal repeats it.
    for _ in 0..5 {
        site.clock.advance(MINUTE);
        let _ = keys.is_ready();
        settle().await;
        assert!(keys.renew().await.is_err());
    }
    let warnings = log.take_warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for said in [
        "no key that can be used",
        JWKS,
        "k1",
        "secp256k1",
        "shared",
        "not secret",
        "key 2",
        "use",
        "key 3",
    ] {
        assert!(warnings[0].contains(said), "{said}: {warnings:?}");
    }
    assert!(!warnings[0].contains("c2VjcmV0"), "{warnings:?}");
    site.publish(&[&key(P256)]);
    site.clock.advance(MINUTE);
    let _ = keys.is_ready();
    settle().await;
    ask(&layer, &site.bearer(&key(P256)))
        .await
        .assert_passed("alice");
    assert!(log.take().contains("over: "), "{log:?}");
}

/// The first warning was about the network, and the user still learns about the keys.
#[tokio::test]
async fn it_is_a_warning_of_its_own() {
    let (log, _guard) = Log::capture();
    let site = Site::new();
    site.set_down(true);
    let keys = site.remote();
    assert!(keys.renew().await.is_err());
    site.set_down(false);
    site.publish_jwks(&unusable());
    assert!(keys.renew().await.is_err());
    let warnings = log.take_warnings();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(
        warnings[0].contains("nobody answers") && warnings[1].contains("k1"),
        "{warnings:?}"
    );
}

/// An issuer may withdraw all of its keys. A server without keys is not ready.
#[tokio::test]
async fn an_empty_set_is_not_ready_and_one_warning_names_its_url() {
    let (log, _guard) = Log::capture();
    let site = Site::of(&[]);
    let keys = site.remote();
    let layer = site.layer(&keys);
    for _ in 0..3 {
        keys.renew().await.unwrap();
        assert!(!keys.is_ready());
        ask(&layer, &site.bearer(&key(P256)))
            .await
            .assert_invalid_token("token_invalid");
    }
    let warnings = log.take_warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("no key that can be used") && warnings[0].contains(JWKS),
        "{warnings:?}"
    );
    site.publish(&[&key(P256)]);
    keys.renew().await.unwrap();
    assert!(keys.is_ready() && log.take().contains("over: "), "{log:?}");
}

/// A load balancer sends no token, which could ask for a key, to a server that is not ready.
#[tokio::test]
async fn a_probe_alone_sees_the_first_key_within_a_minute_however_long_the_empty_set_may_be_kept() {
    let site = Site::new();
    site.publish_for(&[], "max-age=86400");
    let keys = site.remote();
    assert!(!keys.is_ready());
    settle().await;
    assert_eq!(count(&keys), Some(0));
    site.publish(&[&key(P256)]);
    site.clock.advance(MINUTE);
    assert!(!keys.is_ready());
    settle().await;
    assert!(keys.is_ready());
}

#[tokio::test]
async fn a_set_with_many_such_keys_makes_no_long_warning() {
    let (log, _guard) = Log::capture();
    let site = Site::new();
    let long = "x".repeat(300);
    let many: Vec<Value> = (0..200)
        .map(|_| json!({ "kty": long, "kid": long, "alg": long }))
        .collect();
    site.publish_jwks(&many);
    assert!(site.remote().renew().await.is_err());
    let warnings = log.take_warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].len() < 3000 && warnings[0].contains("more"),
        "{warnings:?}"
    );
}

/// The issuer withdrew the keys before it, which may have leaked.
#[tokio::test]
async fn the_keys_before_it_are_gone() {
    let site = Site::of(&[&key(P256)]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    site.publish_jwks(&unusable());
    assert!(keys.renew().await.is_err());
    assert_eq!(count(&keys), None);
    ask(&site.layer(&keys), &site.bearer(&key(P256)))
        .await
        .assert_failed(503, "temporarily_unavailable");
    // It is asked again once a minute, and not by each token.
    let before = site.fetches();
    for _ in 0..10 {
        site.clock.advance(Duration::from_secs(60));
        ask(&site.layer(&keys), &site.bearer(&key(P256)))
            .await
            .assert_failed(503, "temporarily_unavailable");
        settle().await;
    }
    assert!(
        (5..=11).contains(&(site.fetches() - before)),
        "{}",
        site.fetches() - before
    );
    site.publish_jwks(&[jwk(&key(P256))]);
    keys.renew().await.unwrap();
    ask(&site.layer(&keys), &site.bearer(&key(P256)))
        .await
        .assert_passed("alice");
}

#[tokio::test]
async fn more_than_four_keys_without_a_name_are_one_warning_and_the_first_four_count() {
    let (log, _guard) = Log::capture();
    let site = Site::new();
    let unnamed = |signing: &SigningKey| {
        let mut jwk = jwk(signing);
        jwk.as_object_mut().unwrap().remove("kid");
        jwk
    };
    let (first, last) = (key(ED25519), SigningKey::from_pem(STRANGER).unwrap());
    let set = |most| {
        let mut set = vec![unnamed(&first); most];
        set.push(unnamed(&last));
        set
    };
    site.publish_jwks(&set(4));
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    ask(&layer, &site.bearer(&first))
        .await
        .assert_passed("alice");
    ask(&layer, &site.bearer(&last))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    for _ in 0..3 {
        keys.renew().await.unwrap();
    }
    let warnings = log.take_warnings();
    let [warning] = &warnings[..] else {
        panic!("{warnings:?}")
    };
    assert!(
        warning.contains("5 keys for EdDSA without a name"),
        "{warning}"
    );
    site.publish_jwks(&set(3));
    keys.renew().await.unwrap();
    ask(&layer, &site.bearer(&last))
        .await
        .assert_passed("alice");
    assert_eq!(log.take_warnings(), Vec::<String>::new());
}

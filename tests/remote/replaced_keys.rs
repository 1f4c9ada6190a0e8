//! A key that was replaced under the same name, as by a development issuer that was set up again.

use std::time::Duration;

use serde_json::{Value, json};
use support::keys::{ED25519, P256, RSA, STRANGER, key};
use support::{SECOND, ask, at_once, claims, settle, sign};
use tower_bearer::SigningKey;
use tower_bearer::keys::Algorithm;

use crate::site::{Site, jwk};

/// The key of Ed25519, published under the name of another one.
fn renamed(name_of: &SigningKey) -> Value {
    named_as(&key(ED25519), name_of)
}

/// A key, published under the name of another one.
fn named_as(key: &SigningKey, name_of: &SigningKey) -> Value {
    let mut old = jwk(key);
    old["kid"] = jwk(name_of)["kid"].clone();
    old
}

/// An old key and the new one that replaces it under its name: of one algorithm, and of two.
fn replaced() -> [(SigningKey, SigningKey); 4] {
    [
        (key(ED25519), SigningKey::from_pem(STRANGER).unwrap()),
        (key(P256), key(RSA)),
        (key(RSA), key(P256)),
        (key(P256), key(ED25519)),
    ]
}

fn publish_for_a_day(site: &Site, keys: &[Value]) {
    site.publish_for(keys, "max-age=86400");
}

/// A token that names this key, and that nobody signed with it.
fn forged(site: &Site, kid: &Value) -> String {
    forged_as(site, Algorithm::EdDsa, kid)
}

fn forged_as(site: &Site, algorithm: Algorithm, kid: &Value) -> String {
    let header = json!({ "alg": algorithm.as_str(), "typ": "at+jwt", "kid": kid }).to_string();
    format!("Bearer {}", sign(&header, &claims(&site.clock).to_string()))
}

#[tokio::test]
async fn another_key_under_the_same_name_is_found_at_once_whatever_cache_control_says() {
    let new = SigningKey::from_pem(STRANGER).unwrap();
    let site = Site::new();
    publish_for_a_day(&site, &[renamed(&new)]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    publish_for_a_day(&site, &[jwk(&new)]);
    ask(&layer, &site.bearer(&new)).await.assert_passed("alice");
    assert_eq!(site.fetches(), 2);
}

#[tokio::test]
async fn another_key_under_the_same_name_may_be_for_another_algorithm() {
    for (old, new) in replaced() {
        let site = Site::new();
        publish_for_a_day(&site, &[named_as(&old, &new)]);
        let keys = site.remote();
        keys.renew().await.unwrap();
        let layer = site.layer(&keys);
        publish_for_a_day(&site, &[jwk(&new)]);
        for _ in 0..2 {
            ask(&layer, &site.bearer(&new)).await.assert_passed("alice");
            assert_eq!(
                site.fetches(),
                2,
                "{:?}",
                (old.algorithm(), new.algorithm())
            );
        }
        // The old key is gone. Its own name is unknown, which is another reason for a fetch than a
        // bad signature.
        let fetches = if old.algorithm() == new.algorithm() {
            3
        } else {
            2
        };
        ask(&layer, &site.bearer(&old))
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
        at_once(ask(&layer, &site.bearer(&old)))
            .expect("no waiting")
            .assert_refused(401, "invalid_token", "token_invalid");
        assert_eq!(site.fetches(), fetches);
    }
}

#[tokio::test]
async fn after_a_forged_token_has_used_the_minute_the_new_key_is_found_within_it() {
    for (old, new) in replaced() {
        let site = Site::new();
        publish_for_a_day(&site, &[named_as(&old, &new)]);
        let keys = site.remote();
        keys.renew().await.unwrap();
        let layer = site.layer(&keys);
        // One for bad signatures, one for unknown keys: the old key may be for another algorithm.
        for forged in [
            forged_as(&site, old.algorithm(), &jwk(&new)["kid"]),
            forged(&site, &json!("unknown")),
        ] {
            ask(&layer, &forged)
                .await
                .assert_refused(401, "invalid_token", "token_invalid");
        }
        assert_eq!(site.fetches(), 3);
        // The issuer is set up again, just after these fetches.
        publish_for_a_day(&site, &[jwk(&new)]);
        for pause in [Duration::ZERO, Duration::from_secs(59)] {
            site.clock.advance(pause);
            at_once(ask(&layer, &site.bearer(&new)))
                .expect("no waiting")
                .assert_refused(401, "invalid_token", "token_invalid");
            settle().await;
            assert_eq!(site.fetches(), 3, "{pause:?}");
        }
        site.clock.advance(SECOND);
        ask(&layer, &site.bearer(&new)).await.assert_passed("alice");
        assert_eq!(site.fetches(), 4);
    }
}

#[tokio::test]
async fn a_forged_token_with_a_known_name_fetches_once_a_minute_and_delays_no_other() {
    let p256 = key(P256);
    let other = SigningKey::from_pem(STRANGER).unwrap();
    let site = Site::new();
    publish_for_a_day(&site, &[jwk(&p256), renamed(&other)]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    let kid = jwk(&other)["kid"].clone();
    for minute in 0..3 {
        let pause = site.pause();
        let waiting = tokio::spawn({
            let (layer, token) = (layer.clone(), forged(&site, &kid));
            async move { ask(&layer, &token).await }
        });
        pause.reached().await;
        at_once(ask(&layer, &site.bearer(&p256)))
            .expect("no waiting")
            .assert_passed("alice");
        pause.go_on();
        waiting
            .await
            .unwrap()
            .assert_refused(401, "invalid_token", "token_invalid");
        // None of the next thousand waits or fetches.
        for _ in 0..1000 {
            at_once(ask(&layer, &forged(&site, &kid)))
                .expect("no waiting")
                .assert_refused(401, "invalid_token", "token_invalid");
        }
        settle().await;
        assert_eq!(site.fetches(), 2 + minute);
        site.clock.advance(Duration::from_secs(59));
        at_once(ask(&layer, &forged(&site, &kid)))
            .expect("no waiting")
            .assert_refused(401, "invalid_token", "token_invalid");
        settle().await;
        assert_eq!(site.fetches(), 2 + minute);
        site.clock.advance(SECOND);
    }
}

#[tokio::test]
async fn while_the_issuer_is_gone_a_bad_signature_is_503() {
    let (p256, other) = (key(P256), SigningKey::from_pem(STRANGER).unwrap());
    let site = Site::new();
    publish_for_a_day(&site, &[jwk(&p256), renamed(&other)]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    site.set_down(true);
    for _ in 0..2 {
        ask(&layer, &forged(&site, &jwk(&other)["kid"]))
            .await
            .assert_failed(503, "temporarily_unavailable");
        at_once(ask(&layer, &site.bearer(&p256)))
            .expect("no waiting")
            .assert_passed("alice");
    }
}

#[tokio::test]
async fn a_bad_signature_does_not_delay_a_key_with_a_new_name_nor_the_other_way_round() {
    for is_signature_first in [true, false] {
        let (new, again) = (key(P256), SigningKey::from_pem(STRANGER).unwrap());
        let site = Site::new();
        publish_for_a_day(&site, &[renamed(&again)]);
        let keys = site.remote();
        keys.renew().await.unwrap();
        let layer = site.layer(&keys);
        let (known, unknown) = (jwk(&again)["kid"].clone(), json!("unknown"));
        let (first, new) = if is_signature_first {
            (&known, &new)
        } else {
            (&unknown, &again)
        };
        ask(&layer, &forged(&site, first)).await.assert_refused(
            401,
            "invalid_token",
            "token_invalid",
        );
        assert_eq!(site.fetches(), 2);
        // Just after that fetch the issuer rotates its key, or is set up again.
        publish_for_a_day(&site, &[jwk(new)]);
        ask(&layer, &site.bearer(new)).await.assert_passed("alice");
        assert_eq!(site.fetches(), 3);
        // Each of both is bounded.
        let known = jwk(new)["kid"].clone();
        for _ in 0..100 {
            for (algorithm, kid) in [(new.algorithm(), &known), (Algorithm::EdDsa, &unknown)] {
                at_once(ask(&layer, &forged_as(&site, algorithm, kid)))
                    .expect("no waiting")
                    .assert_refused(401, "invalid_token", "token_invalid");
            }
        }
        settle().await;
        assert_eq!(site.fetches(), 3);
    }
}

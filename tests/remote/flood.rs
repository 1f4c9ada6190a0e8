//! Tokens without a real key: whatever `kid` they have, the issuer is not asked for each of them.

use std::time::Duration;

use serde_json::json;
use support::keys::{ED25519, P256, P384, STRANGER, key};
use support::{Received, SECOND, ask, at_once, claims, settle, sign};
use tokio::task::JoinSet;
use tower_bearer::{BearerAuthLayer, SigningKey};

use crate::site::{Site, jwk};

const MANY: usize = 10_000;

/// A token of this issuer that names a key which was never there.
fn garbage(site: &Site, number: usize) -> String {
    let header = json!({ "alg": "ES256", "typ": "at+jwt", "kid": format!("never-{number:x}") });
    format!(
        "Bearer {}",
        sign(&header.to_string(), &claims(&site.clock).to_string())
    )
}

async fn crowd(
    site: &Site,
    layer: &BearerAuthLayer,
    numbers: std::ops::Range<usize>,
) -> Vec<Received> {
    let mut requests = JoinSet::new();
    for number in numbers {
        let (layer, token) = (layer.clone(), garbage(site, number));
        requests.spawn(async move { ask(&layer, &token).await });
    }
    requests.join_all().await
}

#[tokio::test]
async fn ten_thousand_unknown_kids_one_after_the_other_make_two_fetches_at_most() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let layer = site.layer(&site.remote());
    for number in 0..MANY {
        ask(&layer, &garbage(&site, number)).await.assert_refused(
            401,
            "invalid_token",
            "token_invalid",
        );
    }
    assert!(site.fetches() <= 2, "{}", site.fetches());
    at_once(ask(&layer, &site.bearer(&p256)))
        .expect("no waiting")
        .assert_passed("alice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_unknown_kids_at_once_make_two_fetches_at_most() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let layer = site.layer(&site.remote());
    // The first half comes before the keys do.
    for numbers in [0..MANY / 2, MANY / 2..MANY] {
        for answer in crowd(&site, &layer, numbers).await {
            answer.assert_refused(401, "invalid_token", "token_invalid");
        }
        ask(&layer, &site.bearer(&p256))
            .await
            .assert_passed("alice");
    }
    assert!(site.fetches() <= 2, "{}", site.fetches());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_unknown_kids_make_two_fetches_at_most_while_the_issuer_is_gone() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let layer = site.layer(&site.remote());
    ask(&layer, &site.bearer(&p256))
        .await
        .assert_passed("alice");
    site.set_down(true);
    for answer in crowd(&site, &layer, 0..MANY).await {
        // These tokens may be good: without the issuer that is not known.
        answer.assert_failed(503, "temporarily_unavailable");
    }
    assert!(site.fetches() <= 2, "{}", site.fetches());
    ask(&layer, &site.bearer(&p256))
        .await
        .assert_passed("alice");
    // And where there were no keys at all.
    let never = Site::new();
    never.set_down(true);
    let layer = never.layer(&never.remote());
    for answer in crowd(&never, &layer, 0..MANY).await {
        answer.assert_failed(503, "temporarily_unavailable");
    }
    assert!(never.fetches() <= 2, "{}", never.fetches());
}

#[tokio::test]
async fn an_unknown_kid_fetches_once_for_everyone_who_waits() {
    let (old, new) = (key(P256), key(P384));
    let site = Site::of(&[&old]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    site.publish(&[&old, &new]);
    let pause = site.pause();
    let mut waiting = JoinSet::new();
    for number in 0..200 {
        let good = number % 2 == 0;
        let (layer, token) = (
            layer.clone(),
            if good {
                site.bearer(&new)
            } else {
                garbage(&site, number)
            },
        );
        waiting.spawn(async move { (good, ask(&layer, &token).await) });
    }
    pause.reached().await;
    settle().await;
    // Meanwhile tokens with a known key do not wait.
    at_once(ask(&layer, &site.bearer(&old)))
        .expect("no waiting")
        .assert_passed("alice");
    assert!(waiting.try_join_next().is_none());
    pause.go_on();
    for (good, answer) in waiting.join_all().await {
        match good {
            true => answer.assert_passed("alice"),
            false => answer.assert_refused(401, "invalid_token", "token_invalid"),
        }
    }
    assert_eq!(site.fetches(), 2);
}

#[tokio::test]
async fn an_unknown_kid_fetches_not_again_for_a_minute() {
    let (old, new) = (key(P256), key(P384));
    let site = Site::of(&[&old]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    ask(&layer, &garbage(&site, 0))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    assert_eq!(site.fetches(), 2);
    site.publish(&[&old, &new]);
    site.clock.advance(Duration::from_secs(59));
    for token in [garbage(&site, 1), site.bearer(&new)] {
        let answer = at_once(ask(&layer, &token)).expect("no waiting");
        answer.assert_refused(401, "invalid_token", "token_invalid");
    }
    settle().await;
    assert_eq!(site.fetches(), 2);
    site.clock.advance(SECOND);
    ask(&layer, &site.bearer(&new)).await.assert_passed("alice");
    assert_eq!(site.fetches(), 3);
}

/// Only an unknown key leads to a fetch: a new key would not help the other tokens.
#[tokio::test]
async fn what_no_new_key_would_mend_fetches_nothing() {
    let p256 = key(P256);
    let site = Site::of(&[&p256]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    let kid = jwk(&p256)["kid"].clone();
    let known = |typ: &str| json!({ "alg": "ES256", "typ": typ, "kid": kid }).to_string();
    let good = claims(&site.clock);
    let mut elsewhere = good.clone();
    elsewhere["iss"] = "https://other.test".into();
    let unknown = json!({ "alg": "ES256", "typ": "at+jwt", "kid": "unknown" }).to_string();
    for token in [
        sign(&known("JWT"), &good.to_string()),
        sign(&unknown.replace("at+jwt", "JWT"), &good.to_string()),
        sign(&unknown, &elsewhere.to_string()),
        sign(&unknown, "{}"),
        "a.b.c".to_owned(),
    ] {
        let answer = at_once(ask(&layer, &format!("Bearer {token}"))).expect("no waiting");
        answer.assert_refused(401, "invalid_token", "token_invalid");
    }
    settle().await;
    assert_eq!(site.fetches(), 1);
}

/// "A token whose `kid` is unknown fetches": also where the set has a key without a name.
#[tokio::test]
async fn an_unknown_kid_fetches_beside_a_key_without_a_name() {
    let (p256, new) = (key(P256), key(ED25519));
    let stranger = SigningKey::from_pem(STRANGER).unwrap();
    let mut unnamed = jwk(&stranger);
    unnamed.as_object_mut().unwrap().remove("kid");
    let site = Site::new();
    site.publish_jwks(&[jwk(&p256), unnamed.clone()]);
    let keys = site.remote();
    keys.renew().await.unwrap();
    let layer = site.layer(&keys);
    // This key has the same algorithm as the key without a `kid`.
    assert_eq!(jwk(&key(ED25519))["alg"], unnamed["alg"]);
    site.publish_jwks(&[jwk(&p256), unnamed, jwk(&new)]);
    ask(&layer, &site.bearer(&new)).await.assert_passed("alice");
    assert_eq!(site.fetches(), 2);
}

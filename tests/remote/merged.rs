//! Several sources of one issuer's keys, as while it moves from a shared secret to published keys.

use serde_json::{Value, json};
use support::keys::{ED25519, P256, P384, RSA, key};
use support::{HMAC_KEY, ask, at_once, builder_with, claims, sign, sign_with};
use tower_bearer::keys::{Algorithm, KeySource, SharedKeySet};
use tower_bearer::{BearerAuthLayer, KeySet};

use crate::site::{Site, jwk};

fn secret() -> KeySet {
    KeySet::from_hmac_secret(Algorithm::Hs256, HMAC_KEY).unwrap()
}

fn layer(site: &Site, keys: KeySource) -> BearerAuthLayer {
    BearerAuthLayer::new(builder_with(keys, &site.clock).build().unwrap())
}

/// A token by the secret, which names this key or none.
fn former(site: &Site, kid: Option<&Value>) -> String {
    let mut header = json!({ "alg": "HS256", "typ": "at+jwt" });
    if let Some(kid) = kid {
        header["kid"] = kid.clone();
    }
    format!(
        "Bearer {}",
        sign(&header.to_string(), &claims(&site.clock).to_string())
    )
}

#[tokio::test]
async fn a_token_by_either_kind_of_key_passes() {
    let site = Site::of(&[&key(P256)]);
    let remote = || KeySource::from(site.remote());
    for keys in [
        remote().merge(secret()),
        KeySource::from(secret()).merge(site.remote()),
    ] {
        let layer = layer(&site, keys);
        ask(&layer, &site.bearer(&key(P256)))
            .await
            .assert_passed("alice");
        ask(&layer, &former(&site, None))
            .await
            .assert_passed("alice");
        ask(&layer, &former(&site, Some(&json!("former"))))
            .await
            .assert_passed("alice");
        for wrong in [
            site.bearer(&key(P384)),
            former(&site, Some(&jwk(&key(P256))["kid"])),
        ] {
            ask(&layer, &wrong)
                .await
                .assert_refused(401, "invalid_token", "token_invalid");
        }
    }
}

#[tokio::test]
async fn while_the_published_keys_are_not_known_tokens_of_the_secret_pass_and_others_are_503() {
    let site = Site::of(&[&key(P256)]);
    site.set_down(true);
    let keys = site.remote();
    let layer = layer(&site, KeySource::from(keys.clone()).merge(secret()));
    ask(&layer, &former(&site, None))
        .await
        .assert_passed("alice");
    ask(&layer, &site.bearer(&key(P256)))
        .await
        .assert_failed(503, "temporarily_unavailable");
    at_once(ask(&layer, &former(&site, None)))
        .expect("no waiting")
        .assert_passed("alice");
    site.set_down(false);
    site.clock.advance(support::SECOND);
    ask(&layer, &site.bearer(&key(P256)))
        .await
        .assert_passed("alice");
    // New keys are found as without the secret.
    site.publish(&[&key(P384)]);
    ask(&layer, &site.bearer(&key(P384)))
        .await
        .assert_passed("alice");
    ask(&layer, &former(&site, None))
        .await
        .assert_passed("alice");
    ask(&layer, &site.bearer(&key(P256))).await.assert_refused(
        401,
        "invalid_token",
        "token_invalid",
    );
}

// requirement 45
#[tokio::test]
async fn a_public_key_is_not_a_secret_of_the_other_source() {
    let p256 = jwk(&key(P256));
    let site = Site::of(&[&key(P256)]);
    let layer = layer(&site, KeySource::from(site.remote()).merge(secret()));
    ask(&layer, &site.bearer(&key(P256)))
        .await
        .assert_passed("alice");
    let set = json!({ "keys": [p256] }).to_string();
    for secret in [P256.1, P256.1.trim(), &set, &p256.to_string()] {
        for kid in [Value::Null, p256["kid"].clone(), json!("former")] {
            let mut header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": kid });
            if kid.is_null() {
                header.as_object_mut().unwrap().remove("kid");
            }
            let payload = claims(&site.clock).to_string();
            let token = sign_with(secret.as_bytes(), &header.to_string(), &payload);
            ask(&layer, &format!("Bearer {token}"))
                .await
                .assert_refused(401, "invalid_token", "token_invalid");
        }
    }
}

#[tokio::test]
async fn a_part_that_is_replaced_counts_at_once() {
    let site = Site::new();
    let (one, other) = (
        SharedKeySet::new(secret()),
        SharedKeySet::new(KeySet::default()),
    );
    let keys = KeySource::from(one.clone()).merge(other.clone());
    assert_eq!(keys.key_set().unwrap().len(), 1);
    let layer = layer(&site, keys.clone());
    ask(&layer, &former(&site, None))
        .await
        .assert_passed("alice");
    other.replace(key(ED25519).key_set()).unwrap();
    ask(&layer, &site.bearer(&key(ED25519)))
        .await
        .assert_passed("alice");
    one.replace(KeySet::default()).unwrap();
    ask(&layer, &former(&site, None))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    other.replace(KeySet::default()).unwrap();
    assert_eq!(keys.key_set().unwrap().len(), 0);
    ask(&layer, &site.bearer(&key(ED25519)))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

#[tokio::test]
async fn three_sources_are_one_and_each_is_asked() {
    let (first, second) = (Site::of(&[&key(P256)]), Site::of(&[&key(P384)]));
    let remote = second
        .remote()
        .with_clock(std::sync::Arc::new(first.clock.clone()));
    let keys = KeySource::from(first.remote())
        .merge(remote)
        .merge(secret());
    let layer = layer(&first, keys);
    for token in [
        first.bearer(&key(P256)),
        first.bearer(&key(P384)),
        former(&first, None),
    ] {
        ask(&layer, &token).await.assert_passed("alice");
    }
    ask(&layer, &first.bearer(&key(ED25519)))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    // One of them is gone: its next key is not known.
    second.set_down(true);
    first.clock.advance(support::MINUTE);
    ask(&layer, &first.bearer(&key(ED25519)))
        .await
        .assert_failed(503, "temporarily_unavailable");
    for token in [first.bearer(&key(P256)), first.bearer(&key(P384))] {
        at_once(ask(&layer, &token))
            .expect("no waiting")
            .assert_passed("alice");
    }
}

#[tokio::test]
async fn a_key_that_one_source_brings_counts_although_the_other_is_gone() {
    let (first, second) = (Site::of(&[&key(P256)]), Site::of(&[&key(P384)]));
    let clock = std::sync::Arc::new(first.clock.clone());
    let other = second.remote().with_clock(clock);
    let layer = layer(&first, KeySource::from(first.remote()).merge(other));
    for known in [P256, P384] {
        ask(&layer, &first.bearer(&key(known)))
            .await
            .assert_passed("alice");
    }
    second.set_down(true);
    first.clock.advance(support::MINUTE);
    first.publish(&[&key(P256), &key(ED25519)]);
    ask(&layer, &first.bearer(&key(ED25519)))
        .await
        .assert_passed("alice");
    // A key that neither has may be one of those that could not be fetched.
    first.clock.advance(support::MINUTE);
    ask(&layer, &first.bearer(&key(RSA)))
        .await
        .assert_failed(503, "temporarily_unavailable");
}

/// Renewed or not, the token is refused for what is wrong with it besides its key.
#[tokio::test]
async fn a_token_that_has_expired_is_401_although_one_source_is_gone() {
    let (first, second) = (Site::of(&[&key(P256)]), Site::of(&[&key(P384)]));
    let clock = std::sync::Arc::new(first.clock.clone());
    let other = second.remote().with_clock(clock);
    let layer = layer(&first, KeySource::from(first.remote()).merge(other));
    let expired = [P256, ED25519].map(|signer| first.bearer(&key(signer)));
    first.clock.advance(support::HOUR);
    second.set_down(true);
    // The key of the second token is fetched first, from the source that is left.
    first.publish(&[&key(P256), &key(ED25519)]);
    for token in expired {
        ask(&layer, &token)
            .await
            .assert_refused(401, "invalid_token", "token_expired");
    }
}

#[test]
fn sources_that_never_have_keys_are_a_mistake() {
    let site = Site::new();
    let none = || KeySource::from(KeySet::default()).merge(KeySet::default());
    assert!(builder_with(none(), &site.clock).build().is_err());
    assert!(
        builder_with(none().merge(secret()), &site.clock)
            .build()
            .is_ok()
    );
    assert!(!format!("{:?}", none().merge(secret())).contains("Vw7pQ2sX9z"));
}

//! What the log says of a legacy token that is refused. Where its signature was valid, the
//! developer may see the details.

use serde_json::{Value, json};
use support::keys::{ED25519, jwk, key};
use support::{ISSUER, Log, ask, sign_with, verifier, with_claim};
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::{LegacyTokens, LegacyUser};
use tower_bearer::{BearerAuthLayer, Grant, KeySet};

use crate::legacy::{LEGACY_KEY, claims, grant, layer, legacy_keys, token, until};

/// Asserts that the token with these claims is refused, and that the log says why.
async fn assert_logged(layer: &BearerAuthLayer, claims: &Value, reason: &str, said: &str) {
    let (log, _guard) = Log::capture();
    ask(layer, &format!("Bearer {}", token(claims)))
        .await
        .assert_refused(401, "invalid_token", reason);
    let log = log.take();
    assert!(log.contains(said), "{said}: {log}");
    assert!(!log.contains("hunter2"), "{log}");
}

#[tokio::test]
async fn a_claim_of_another_type_is_named_without_its_value() {
    let clock = ManualClock::new();
    for (name, value, said) in [
        (
            "kind",
            json!(["hunter2"]),
            "the claim \"kind\" does not have the type that was expected",
        ),
        (
            "is_admin",
            json!("hunter2"),
            "the claim \"is_admin\" does not have the type that was expected",
        ),
        (
            "exp",
            json!("4102444800"),
            "exp is the text \"4102444800\", and not a number of seconds",
        ),
        (
            "nbf",
            json!({}),
            "nbf is the object {}, and not a number of seconds",
        ),
    ] {
        let claims = with_claim(claims(&clock), name, value);
        assert_logged(&layer(&clock), &claims, "token_invalid", said).await;
    }
    let mut without = claims(&clock);
    without.as_object_mut().unwrap().remove("user_id");
    let said = "the claim \"user_id\" is missing";
    assert_logged(&layer(&clock), &without, "token_invalid", said).await;
}

/// The token is of no issuer of today, or has their `typ` missing, so its key is what is wrong.
#[tokio::test]
async fn a_key_that_is_left_out_is_named_where_the_token_is_not_of_today() {
    let clock = ManualClock::new();
    let unusable = json!({ "kty": "EC", "crv": "secp256k1", "kid": "old" });
    let set = json!({ "keys": [jwk(&key(ED25519).key_set()), unusable] }).to_string();
    let keys = KeySet::from_jwk_set(&set).unwrap();
    let left_out = LegacyTokens::new(keys, until(&clock), grant);
    let other = LegacyTokens::new(legacy_keys().with_kid("other"), until(&clock), grant);
    let layer = BearerAuthLayer::new(verifier(&clock))
        .with_legacy_tokens(left_out)
        .with_legacy_tokens(other);
    let header = json!({ "alg": "HS256", "typ": "JWT", "kid": "old" }).to_string();
    for issuer in [json!(null), json!(ISSUER), json!("https://before.test")] {
        let claims = with_claim(claims(&clock), "iss", issuer).to_string();
        let token = sign_with(LEGACY_KEY, &header, &claims);
        let (log, _guard) = Log::capture();
        let answer = ask(&layer, &format!("Bearer {token}")).await;
        answer.assert_refused(401, "invalid_token", "token_invalid");
        let log = log.take();
        assert!(log.contains(LEFT_OUT), "{log}");
    }
}

const LEFT_OUT: &str = "the key that signed the token cannot be used";

#[tokio::test]
async fn what_the_closure_decided_is_named_as_its_own() {
    let clock = ManualClock::new();
    let with = |read: fn(Value) -> Option<LegacyUser>| {
        let legacy = LegacyTokens::new(legacy_keys(), until(&clock), read);
        BearerAuthLayer::new(support::verifier(&clock)).with_legacy_tokens(legacy)
    };
    let nobody = with(|_| None);
    let nameless = with(|_| Some(LegacyUser::new("")));
    let reserved = with(|_| {
        let grant = Grant::new().with_claim("sid", "x");
        Some(LegacyUser::new("alice").with_grant(grant))
    });
    for (layer, said) in [
        (nobody, "the closure of `LegacyTokens` returned `None`"),
        (
            nameless,
            "no subject: that of the closure of `LegacyTokens`",
        ),
        (reserved, "registered or reserved names: sid"),
    ] {
        assert_logged(&layer, &claims(&clock), "token_invalid", said).await;
    }
}

#[tokio::test]
async fn a_time_that_has_passed_is_shown_with_the_time_of_the_check() {
    let clock = ManualClock::new();
    let now = clock.now().as_secs();
    let ended = with_claim(claims(&clock), "exp", json!(now - 3600));
    let said = format!("expired (exp): {}, and now it is {now}", now - 3600);
    assert_logged(&layer(&clock), &ended, "token_expired", &said).await;
    let begins = with_claim(claims(&clock), "nbf", json!(now + 3600));
    let said = format!("not valid yet (nbf): {}, and now it is {now}", now + 3600);
    assert_logged(&layer(&clock), &begins, "token_invalid", &said).await;
    let past = LegacyTokens::new(legacy_keys(), Timestamp::from_secs(now - 1), grant);
    let layer = BearerAuthLayer::new(support::verifier(&clock)).with_legacy_tokens(past);
    let said = format!("the date of `LegacyTokens` has passed: {}", now - 1);
    assert_logged(&layer, &claims(&clock), "token_expired", &said).await;
}

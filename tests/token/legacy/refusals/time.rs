//! Tokens that have ended, or have not begun, and the date at which all of them end.

use serde_json::{Value, json};
use support::{AUDIENCE, HOUR, ISSUER, MILLISECOND, ask, sign_with, with_claim};
use tower_bearer::clock::Clock;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::{LegacyTokens, LegacyUser};
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, Grant};

use super::{LEEWAY, assert_expired, assert_invalid, assert_passes};
use crate::legacy::{JWT, LEGACY_KEY, claims, layer, legacy_keys, token, until};

#[tokio::test]
async fn it_counts_until_the_date_and_not_at_it() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    let endless = token(&with_claim(claims(&clock), "exp", Value::Null));
    let longer = token(&with_claim(
        claims(&clock),
        "exp",
        json!(99_999_999_999_u64),
    ));
    let left = until(&clock).saturating_since(clock.now());
    clock.advance(left - MILLISECOND);
    for token in [&endless, &longer] {
        assert_passes(&layer, token).await;
    }
    // No leeway: the date is the application's own.
    for _ in 0..2 {
        clock.advance(MILLISECOND);
        for token in [&endless, &longer] {
            assert_expired(&layer, token).await;
        }
    }
    // Tokens of today still pass.
    assert_passes(&layer, &support::token(&support::claims(&clock))).await;
}

#[tokio::test]
async fn a_token_that_has_ended_is_refused() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    let token = token(&claims(&clock));
    clock.advance(HOUR + LEEWAY - MILLISECOND);
    assert_passes(&layer, &token).await;
    clock.advance(MILLISECOND);
    assert_expired(&layer, &token).await;
}

#[tokio::test]
async fn an_end_that_is_no_time_is_refused() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    for exp in [
        json!("2099-01-01"),
        json!("4102444800"),
        json!([4_102_444_800_u64]),
        json!({}),
        json!(true),
    ] {
        assert_invalid(&layer, &token(&with_claim(claims(&clock), "exp", exp))).await;
    }
    let mut null = claims(&clock);
    null["exp"] = Value::Null;
    assert_invalid(&layer, &token(&null)).await;
    for exp in [json!(0), json!(-1), json!(-1e300), json!(1.5)] {
        assert_expired(&layer, &token(&with_claim(claims(&clock), "exp", exp))).await;
    }
}

#[tokio::test]
async fn a_token_that_has_not_begun_is_refused() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    let now = clock.now().as_secs();
    assert_invalid(
        &layer,
        &token(&with_claim(claims(&clock), "nbf", json!(now + 61))),
    )
    .await;
    for nbf in [now + 60, now, 0] {
        assert_passes(
            &layer,
            &token(&with_claim(claims(&clock), "nbf", json!(nbf))),
        )
        .await;
    }
    assert_invalid(
        &layer,
        &token(&with_claim(claims(&clock), "nbf", json!("now"))),
    )
    .await;
}

/// A token of the wrong type for today's verifier may be one of before: its claims count there.
#[tokio::test]
async fn a_logout_token_of_the_same_issuer_and_key_does_not_outlive_its_end() {
    let clock = ManualClock::new();
    let today = AccessTokenVerifier::builder(legacy_keys())
        .issuer(ISSUER)
        .audience(AUDIENCE)
        .clock(std::sync::Arc::new(clock.clone()))
        .accept_untyped_jwt()
        .build()
        .unwrap();
    let legacy = LegacyTokens::new(legacy_keys(), until(&clock), |claims: Value| {
        Some(LegacyUser::new(claims["sub"].as_str().unwrap_or("nobody")).with_grant(Grant::new()))
    });
    let layer = BearerAuthLayer::new(today).with_legacy_tokens(legacy);
    let now = clock.now().as_secs();
    let logout = |exp: u64| {
        let claims =
            json!({ "iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": exp, "events": {} });
        sign_with(LEGACY_KEY, JWT, &claims.to_string())
    };
    ask(&layer, &format!("Bearer {}", logout(now + 3600)))
        .await
        .assert_passed("alice");
    ask(&layer, &format!("Bearer {}", logout(now - 3600)))
        .await
        .assert_refused(401, "invalid_token", "token_expired");
}

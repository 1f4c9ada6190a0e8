//! The guard for sensitive routes: how long ago the user authenticated, and how (RFC 9470).

use std::time::Duration;

use http::Request;
use serde_json::json;
use support::{Received, bearer, hello, send, token, verifier, with_authorization, without_token};
use tower::{Layer, ServiceExt};
use tower_bearer::bearer::{BearerErrorKind, RequireLayer};
use tower_bearer::clock::Clock;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::{BearerAuthLayer, BearerError, Grant, Identity};

const FIVE_MINUTES: Duration = Duration::from_secs(300);
const TOO_OLD: &str = "authentication_too_old";

/// The answer of the guard on the layer, which is the same for a single route.
async fn guarded(layer: &BearerAuthLayer, token: &str) -> Received {
    let request = || with_authorization(&bearer(token));
    let route = layer.layer(RequireLayer::max_age(FIVE_MINUTES).layer(hello()));
    let of_route = Received::of(route.oneshot(request()).await.unwrap()).await;
    let of_layer = send(&layer.clone().require_max_age(FIVE_MINUTES), request()).await;
    assert_eq!(of_layer, of_route);
    of_layer
}

fn assert_too_old(answer: &Received) {
    answer.assert_refused(401, "insufficient_user_authentication", TOO_OLD);
    assert_eq!(
        answer.challenge(),
        Some(
            "Bearer error=\"insufficient_user_authentication\", \
             error_description=\"a more recent authentication is needed\", max_age=\"300\""
        )
    );
    assert_eq!(answer.headers["cache-control"], "no-store");
}

// requirement 43
#[tokio::test]
async fn a_token_passes_until_its_authentication_is_too_old() {
    let clock = ManualClock::new();
    let layer = BearerAuthLayer::new(verifier(&clock));
    let at = |auth_time: serde_json::Value| {
        let mut claims = support::claims(&clock);
        claims["auth_time"] = auth_time;
        token(&claims)
    };
    let now = clock.now().as_secs();
    for (ago, passes) in [
        (0, true),
        (299, true),
        (300, true),
        (301, false),
        (9999, false),
    ] {
        let answer = guarded(&layer, &at(json!(now - ago))).await;
        if passes {
            answer.assert_passed("alice");
        } else {
            assert_too_old(&answer);
        }
    }
    // What is absent, malformed or far in the future is not a recent authentication.
    for odd in [
        json!(null),
        json!("now"),
        json!([now]),
        json!(now + 61),
        json!(9e18),
    ] {
        assert_too_old(&guarded(&layer, &at(odd)).await);
    }
    // The leeway is for clocks that differ.
    guarded(&layer, &at(json!(now + 60)))
        .await
        .assert_passed("alice");
    clock.advance(Duration::from_millis(999));
    guarded(&layer, &at(json!(now - 300)))
        .await
        .assert_passed("alice");
    clock.advance(Duration::from_millis(1));
    assert_too_old(&guarded(&layer, &at(json!(now - 300))).await);
}

#[tokio::test]
async fn a_token_without_a_session_has_auth_time_where_the_application_says_so() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let now = tokens.clock().now();
    let sign = |identity: Identity| {
        let token = tokens.token(&identity, &Grant::new(), FIVE_MINUTES);
        token.secret().to_owned()
    };
    assert_too_old(&guarded(&layer, &sign(Identity::new("alice"))).await);
    let recent = sign(Identity::new("alice").with_authenticated_at(now));
    guarded(&layer, &recent).await.assert_passed("alice");
    // Not in the future: an identity provider's clock may be ahead.
    let later = now + Duration::from_secs(3600);
    let ahead = sign(Identity::new("alice").with_authenticated_at(later));
    let claims = tokens.verifier().verify(&ahead).unwrap();
    assert_eq!(claims.auth_time(), Some(now));
}

#[tokio::test]
async fn a_request_without_a_token_is_refused_as_ever() {
    let layer = BearerAuthLayer::new(TestTokens::new().verifier());
    let strict = layer.clone().require_max_age(FIVE_MINUTES);
    send(&strict, without_token()).await.assert_token_missing();
    // The layer's guards are for those who have a token.
    let optional = send(&strict.optional(), without_token()).await;
    assert_eq!(optional.status, 200);
    let route = layer
        .optional()
        .layer(RequireLayer::max_age(FIVE_MINUTES).layer(hello()));
    let answer = Received::of(route.oneshot(without_token()).await.unwrap()).await;
    answer.assert_token_missing();
    let alone = RequireLayer::max_age(FIVE_MINUTES).layer(hello());
    let request = Request::new(String::new());
    let answer = Received::of(alone.oneshot(request).await.unwrap()).await;
    answer.assert_failed(500, "server_error");
}

#[tokio::test]
async fn an_own_condition_refuses_in_the_same_words() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .with_realm("bank")
        .unwrap()
        .require(|_| {
            let pause = Duration::from_millis(90_500);
            Err(BearerError::insufficient_user_authentication(pause).into())
        });
    let answer = send(&layer, with_authorization(&tokens.bearer("alice"))).await;
    answer.assert_refused(401, "insufficient_user_authentication", TOO_OLD);
    let challenge = answer.challenge().unwrap();
    assert!(
        challenge.starts_with("Bearer realm=\"bank\", error="),
        "{challenge}"
    );
    assert!(challenge.ends_with(", max_age=\"90\""), "{challenge}");
    let plain = BearerError::from(BearerErrorKind::InsufficientUserAuthentication);
    assert_eq!((plain.status().as_u16(), plain.is_refusal()), (401, true));
    assert!(!plain.to_response().headers()["www-authenticate"].is_empty());
}

#[tokio::test]
async fn a_condition_names_the_ways_in_which_the_user_has_to_authenticate() {
    let clock = ManualClock::new();
    let verifier = support::builder(&clock).build().unwrap();
    let of = |acr_values: &'static str| {
        BearerAuthLayer::new(verifier.clone()).require(move |claims| {
            match claims.claim::<String>("acr")?.as_deref() {
                Some("gold") => Ok(true),
                _ => Err(BearerError::insufficient_acr(acr_values).into()),
            }
        })
    };
    let ask = async |layer: &BearerAuthLayer, acr: &str| {
        let claims = support::claims_with(&clock, "acr", json!(acr));
        send(layer, with_authorization(&bearer(&token(&claims)))).await
    };
    let layer = of("gold urn:mace:silver");
    ask(&layer, "gold").await.assert_passed("alice");
    let refused = ask(&layer, "bronze").await;
    let code = "insufficient_user_authentication";
    refused.assert_refused(401, code, "authentication_too_weak");
    let challenge = "Bearer error=\"insufficient_user_authentication\", \
                     error_description=\"a stronger authentication is needed\"";
    let with_values = format!("{challenge}, acr_values=\"gold urn:mace:silver\"");
    assert_eq!(refused.challenge(), Some(&*with_values));
    for wrong in ["go\"ld", "go\\ld", "g\u{f6}ld", "go\nld"] {
        assert_eq!(ask(&of(wrong), "bronze").await.challenge(), Some(challenge));
    }
}

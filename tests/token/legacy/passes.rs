//! Tokens from before this crate: what passes, and what a handler sees of it.

use std::time::Duration;

use serde_json::{Value, json};
use support::{
    AUDIENCE, ISSUER, MILLISECOND, ask, bearer_of, log_in, sessions_of, show, sign_hs512,
    sign_with, with_claim,
};
use tower_bearer::clock::Timestamp;
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::token::{LegacyTokens, LegacyUser};
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, Grant, KeySet, Scope};

use crate::legacy::{
    JWT, LEGACY_KEY, WITHOUT_TYP, claims, grant, layer, legacy, legacy_keys, token, until,
};

#[tokio::test]
async fn deployment_day_logs_nobody_out() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    for header in [
        JWT,
        WITHOUT_TYP,
        r#"{"alg":"HS256","typ":"jwt"}"#,
        r#"{"alg":"HS256","typ":"our own"}"#,
    ] {
        let token = sign_with(LEGACY_KEY, header, &claims(&clock).to_string());
        ask(&layer, &format!("Bearer {token}"))
            .await
            .assert_passed("alice");
        ask(&layer.clone().optional(), &format!("Bearer {token}"))
            .await
            .assert_passed("alice");
    }
}

/// RFC 7518 section 3.2 wants 64 bytes for HS512. Many servers had 32.
#[tokio::test]
async fn a_secret_that_was_too_short_logs_nobody_out() {
    let clock = ManualClock::new();
    for short in [&b"thirty-two bytes that were usual"[..], b"x"] {
        let keys = KeySet::dangerous_from_short_hmac_secret(Algorithm::Hs512, short).unwrap();
        let legacy = LegacyTokens::new(keys, until(&clock), grant);
        let layer = BearerAuthLayer::new(support::verifier(&clock)).with_legacy_tokens(legacy);
        let payload = claims(&clock).to_string();
        let hs512 = r#"{"alg":"HS512","typ":"JWT"}"#;
        let good = sign_hs512(short, hs512, &payload);
        ask(&layer, &format!("Bearer {good}"))
            .await
            .assert_passed("alice");
        for bad in [
            sign_hs512(b"another", hs512, &payload),
            sign_hs512(b"", hs512, &payload),
            sign_with(short, JWT, &payload),
            sign_hs512(short, r#"{"alg":"HS512","typ":"at+jwt"}"#, &payload),
        ] {
            ask(&layer, &format!("Bearer {bad}")).await.assert_refused(
                401,
                "invalid_token",
                "token_invalid",
            );
        }
    }
}

#[tokio::test]
async fn the_tokens_of_today_pass_as_before() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    let today = support::token(&support::claims(&clock));
    ask(&layer, &format!("Bearer {today}"))
        .await
        .assert_passed("alice");
    // Tokens that are refused today are refused for the same reason.
    let expired = support::token(&support::claims_with(&clock, "exp", json!(1)));
    ask(&layer, &format!("Bearer {expired}"))
        .await
        .assert_refused(401, "invalid_token", "token_expired");
    let elsewhere = support::token(&support::claims_with(&clock, "aud", json!("other")));
    ask(&layer, &format!("Bearer {elsewhere}"))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    support::send(&layer, support::without_token())
        .await
        .assert_token_missing();
    ask(&layer, "Bearer a b")
        .await
        .assert_refused(400, "invalid_request", "token_malformed");
}

/// "To a handler they look like tokens of today, with issuer and audience of the layer's own
/// verifier."
#[tokio::test]
async fn a_handler_sees_a_token_of_today() {
    let clock = ManualClock::new();
    let own = support::builder(&clock)
        .audience("a second one")
        .build()
        .unwrap();
    let other = KeySet::from_hmac_secret(Algorithm::Hs256, [3; 32]).unwrap();
    let other = AccessTokenVerifier::builder(other)
        .issuer("https://other.test")
        .audience("theirs")
        .build()
        .unwrap();
    let layer = BearerAuthLayer::new(own)
        .with_verifier(other)
        .unwrap()
        .with_legacy_tokens(legacy(&clock));
    // Whatever it says of itself.
    let mut claims = with_claim(claims(&clock), "iss", json!("https://before.test"));
    (claims["aud"], claims["sub"], claims["jti"], claims["scope"]) =
        (json!("x"), json!(7), json!(8), json!(["admin"]));
    (claims["iat"], claims["is_admin"]) = (json!(1_700_000_000), json!(true));
    let token = token(&claims);
    show(&layer, &token, |claims| claims.subject().to_string())
        .await
        .assert_passed("alice");
    show(&layer, &token, |claims| claims.issuer().to_string())
        .await
        .assert_passed(ISSUER);
    show(&layer, &token, |claims| claims.audience().to_string())
        .await
        .assert_passed(AUDIENCE);
    show(&layer, &token, |claims| claims.scope().to_string())
        .await
        .assert_passed("admin");
    show(&layer, &token, |claims| {
        format!("{:?}", claims.session_id())
    })
    .await
    .assert_passed("None");
    let issued = show(&layer, &token, |claims| {
        format!("{:?}", claims.issued_at().map(Timestamp::as_secs))
    })
    .await;
    issued.assert_passed("Some(1700000000)");
    let end = claims["exp"].as_u64().unwrap().to_string();
    show(&layer, &token, |claims| {
        claims.expires_at().as_secs().to_string()
    })
    .await
    .assert_passed(&end);
    // The scope that the application grants, not the scope of the token.
    show(&layer, &token, |claims| {
        claims
            .claim::<String>("tenant")
            .unwrap()
            .unwrap_or_default()
    })
    .await
    .assert_passed("acme");
    show(&layer, &token, |claims| {
        claims
            .claim::<Value>("user_id")
            .unwrap()
            .is_some()
            .to_string()
    })
    .await
    .assert_passed("false");
    show(&layer, &token, |claims| {
        claims.claim::<Value>("kind").unwrap().is_some().to_string()
    })
    .await
    .assert_passed("false");
}

#[tokio::test]
async fn its_scope_is_what_the_application_grants() {
    let clock = ManualClock::new();
    let layer = layer(&clock).require_scope("admin");
    let admin = token(&with_claim(claims(&clock), "is_admin", json!(true)));
    ask(&layer, &format!("Bearer {admin}"))
        .await
        .assert_passed("alice");
    for name in ["scope", "is_admin"] {
        let other = token(&with_claim(
            claims(&clock),
            name,
            if name == "scope" {
                json!("admin")
            } else {
                json!(false)
            },
        ));
        ask(&layer, &format!("Bearer {other}"))
            .await
            .assert_refused(403, "insufficient_scope", "scope_missing");
    }
}

/// "They belong to no session, so nothing revokes them."
#[tokio::test]
async fn no_logout_reaches_it() {
    let tokens = TestTokens::new();
    let clock = tokens.clock();
    let sessions = sessions_of(&tokens);
    let layer = sessions.layer().with_legacy_tokens(legacy(clock));
    let pair = log_in(&sessions, "alice").await;
    let sid = support::segment(pair.access_token().secret(), 1)["sid"].clone();
    let mut claims = with_claim(claims(clock), "sid", sid);
    claims["gen"] = json!(0);
    let token = token(&claims);
    ask(&layer, &format!("Bearer {token}"))
        .await
        .assert_passed("alice");
    // The token does not log out any session either.
    sessions.log_out(&token).await.unwrap();
    ask(&layer, &bearer_of(&pair)).await.assert_passed("alice");
    assert_eq!(
        sessions
            .log_out_everywhere(&"alice".into())
            .await
            .unwrap()
            .count(),
        1
    );
    support::assert_ended(&layer, &pair).await;
    ask(&layer, &format!("Bearer {token}"))
        .await
        .assert_passed("alice");
}

#[tokio::test]
async fn a_token_that_never_ended_ends_with_the_date() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    let end = until(&clock).as_secs().to_string();
    let endless = token(&with_claim(claims(&clock), "exp", Value::Null));
    show(&layer, &endless, |claims| {
        claims.expires_at().as_secs().to_string()
    })
    .await
    .assert_passed(&end);
    let longer = token(&with_claim(
        claims(&clock),
        "exp",
        json!(99_999_999_999_u64),
    ));
    show(&layer, &longer, |claims| {
        claims.expires_at().as_secs().to_string()
    })
    .await
    .assert_passed(&end);
}

/// Its claims have the type that the closure takes, and no other is asked of them.
#[tokio::test]
async fn whatever_else_the_claims_say_is_the_applications_own() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    for (name, value) in [
        ("sub", json!({ "id": 7 })),
        ("aud", json!(7)),
        ("jti", json!(7)),
        ("iss", json!(7)),
        ("scope", json!(["a"])),
        ("auth_time", json!("yesterday")),
        ("sid", json!("x")),
        ("iat", json!(1_700_000_000.5)),
    ] {
        let token = token(&with_claim(claims(&clock), name, value));
        ask(&layer, &format!("Bearer {token}"))
            .await
            .assert_passed("alice");
    }
}

/// The docs name `exp` alone among the claims that this crate looks at.
#[tokio::test]
async fn an_iat_that_is_a_text_is_the_applications_own() {
    let clock = ManualClock::new();
    let token = token(&with_claim(
        claims(&clock),
        "iat",
        json!("2026-01-01T00:00:00Z"),
    ));
    ask(&layer(&clock), &format!("Bearer {token}"))
        .await
        .assert_passed("alice");
}

/// The application may have named itself as it does today.
#[tokio::test]
async fn an_issuer_of_the_same_name_does_no_harm() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    let mut claims = with_claim(claims(&clock), "iss", json!(ISSUER));
    claims["aud"] = json!(AUDIENCE);
    for header in [JWT, WITHOUT_TYP] {
        let token = sign_with(LEGACY_KEY, header, &claims.to_string());
        ask(&layer, &format!("Bearer {token}"))
            .await
            .assert_passed("alice");
    }
}

/// "A signed JWT by one of the keys": also where the verifier of today takes a `typ` of `JWT` too.
#[tokio::test]
async fn an_issuer_of_the_same_name_does_no_harm_beside_accept_untyped_jwt() {
    let clock = ManualClock::new();
    let today = support::builder(&clock)
        .accept_untyped_jwt()
        .build()
        .unwrap();
    let layer = BearerAuthLayer::new(today).with_legacy_tokens(legacy(&clock));
    ask(&layer, &format!("Bearer {}", token(&claims(&clock))))
        .await
        .assert_passed("alice");
    for header in [JWT, WITHOUT_TYP] {
        let token = sign_with(
            LEGACY_KEY,
            header,
            &with_claim(claims(&clock), "iss", json!(ISSUER)).to_string(),
        );
        ask(&layer, &format!("Bearer {token}"))
            .await
            .assert_passed("alice");
    }
}

#[tokio::test]
async fn each_call_adds_some() {
    let clock = ManualClock::new();
    let older_key = KeySet::from_hmac_secret(Algorithm::Hs256, [9; 32]).unwrap();
    let older = LegacyTokens::new(older_key, until(&clock), |claims: Value| {
        Some(
            LegacyUser::new(claims["name"].as_str()?)
                .with_grant(Grant::new().with_scope(Scope::from_static("older"))),
        )
    });
    for layer in [
        BearerAuthLayer::new(support::verifier(&clock))
            .with_legacy_tokens(legacy(&clock))
            .with_legacy_tokens(older.clone()),
        BearerAuthLayer::new(support::verifier(&clock))
            .with_legacy_tokens(older)
            .with_legacy_tokens(legacy(&clock)),
    ] {
        ask(&layer, &format!("Bearer {}", token(&claims(&clock))))
            .await
            .assert_passed("alice");
        let older = sign_with(&[9; 32], WITHOUT_TYP, r#"{"name":"bob"}"#);
        show(&layer, &older, |claims| {
            format!("{} {}", claims.subject(), claims.scope())
        })
        .await
        .assert_passed("bob older");
        let strange = sign_with(&[8; 32], WITHOUT_TYP, r#"{"name":"bob"}"#);
        ask(&layer, &format!("Bearer {strange}"))
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
    }
}

/// Two kinds of tokens by one key: users and machines, say, with claims of another type and another
/// date.
#[tokio::test]
async fn each_call_adds_some_by_the_same_key_too() {
    let clock = ManualClock::new();
    let machines = |claims: Value| Some(LegacyUser::new(claims["machine"].as_str()?));
    let machines = LegacyTokens::new(legacy_keys(), until(&clock), machines);
    let users = LegacyTokens::new(legacy_keys(), until(&clock), grant);
    for (first, second) in [(machines.clone(), users.clone()), (users, machines)] {
        let layer = BearerAuthLayer::new(support::verifier(&clock))
            .with_legacy_tokens(first)
            .with_legacy_tokens(second);
        ask(&layer, &format!("Bearer {}", token(&claims(&clock))))
            .await
            .assert_passed("alice");
        ask(
            &layer,
            &format!("Bearer {}", token(&json!({ "machine": "press-7" }))),
        )
        .await
        .assert_passed("press-7");
    }
}

/// "Whose clock counts": that of the layer's own verifier, with its leeway.
#[tokio::test]
async fn time_is_that_of_the_layers_own_verifier() {
    let clock = ManualClock::new();
    let strict = support::builder(&clock)
        .leeway(Duration::ZERO)
        .build()
        .unwrap();
    let layer = BearerAuthLayer::new(strict).with_legacy_tokens(legacy(&clock));
    let token = format!("Bearer {}", token(&claims(&clock)));
    clock.advance(Duration::from_millis(3_599_999));
    ask(&layer, &token).await.assert_passed("alice");
    clock.advance(MILLISECOND);
    ask(&layer, &token)
        .await
        .assert_refused(401, "invalid_token", "token_expired");
}

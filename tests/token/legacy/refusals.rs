//! Tokens from before this crate: what is refused.

mod time;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use support::keys::RSA;
use support::{HMAC_KEY, ISSUER, ask, sign_with, with_claim};
use tower_bearer::clock::Clock;
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::{LegacyTokens, LegacyUser};
use tower_bearer::{BearerAuthLayer, Grant, KeySet};

use crate::legacy::{
    JWT, LEGACY_KEY, WITHOUT_TYP, claims, grant, layer, legacy_keys, token, until,
};

/// The leeway of the layer's own verifier.
const LEEWAY: Duration = Duration::from_secs(60);

async fn assert_invalid(layer: &BearerAuthLayer, token: &str) {
    ask(layer, &format!("Bearer {token}")).await.assert_refused(
        401,
        "invalid_token",
        "token_invalid",
    );
}

async fn assert_expired(layer: &BearerAuthLayer, token: &str) {
    ask(layer, &format!("Bearer {token}")).await.assert_refused(
        401,
        "invalid_token",
        "token_expired",
    );
}

async fn assert_passes(layer: &BearerAuthLayer, token: &str) {
    ask(layer, &format!("Bearer {token}"))
        .await
        .assert_passed("alice");
}

#[tokio::test]
async fn what_the_application_grants_nothing_is_refused() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    // Signed by the same key: a refresh token, a link in a mail.
    for kind in ["refresh", "reset-password", "ACCESS", ""] {
        assert_invalid(
            &layer,
            &token(&with_claim(claims(&clock), "kind", json!(kind))),
        )
        .await;
    }
    // In optional mode too: it is a token, and a bad one.
    assert_invalid(
        &layer.optional(),
        &token(&with_claim(claims(&clock), "kind", json!("refresh"))),
    )
    .await;
}

#[tokio::test]
async fn claims_of_another_type_are_refused() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    for (name, value) in [
        ("user_id", json!(7)),
        ("user_id", Value::Null),
        ("kind", json!(["access"])),
        ("kind", Value::Null),
        ("is_admin", json!("no")),
    ] {
        assert_invalid(&layer, &token(&with_claim(claims(&clock), name, value))).await;
    }
    for claims in ["[]", "7", "null", "\"alice\"", "", "{", "{}"] {
        assert_invalid(&layer, &sign_with(LEGACY_KEY, JWT, claims)).await;
    }
}

/// A grant that fits no token of today.
#[tokio::test]
async fn a_grant_that_cannot_be_is_refused() {
    let clock = ManualClock::new();
    let with = |grant: fn(Value) -> Option<LegacyUser>| {
        let legacy = LegacyTokens::new(legacy_keys(), until(&clock), grant);
        BearerAuthLayer::new(support::verifier(&clock)).with_legacy_tokens(legacy)
    };
    let token = token(&claims(&clock));
    assert_passes(&with(|_| Some(LegacyUser::new("alice"))), &token).await;
    assert_invalid(&with(|_| Some(LegacyUser::new(""))), &token).await;
    assert_invalid(
        &with(|_| Some(LegacyUser::new("alice").with_grant(Grant::new().with_claim("sid", "x")))),
        &token,
    )
    .await;
    assert_invalid(
        &with(|_| {
            Some(LegacyUser::new("alice").with_grant(Grant::new().with_claim("scope", "admin")))
        }),
        &token,
    )
    .await;
    assert_invalid(
        &with(|_| Some(LegacyUser::new("alice").with_grant(Grant::new().with_claim("cnf", "x")))),
        &token,
    )
    .await;
}

/// "Those are for the layer's verifiers."
#[tokio::test]
async fn a_token_that_says_it_is_of_today_is_refused() {
    let clock = ManualClock::new();
    let named = LegacyTokens::new(legacy_keys().with_kid("old"), until(&clock), grant);
    let named = BearerAuthLayer::new(support::verifier(&clock)).with_legacy_tokens(named);
    let of_today = [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/At+Jwt",
    ];
    for issuer in [json!(null), json!(ISSUER), json!("https://before.test")] {
        let claims = with_claim(claims(&clock), "iss", issuer).to_string();
        for layer in [&layer(&clock), &named] {
            for typ in of_today {
                for header in [
                    json!({ "alg": "HS256", "typ": typ }),
                    json!({ "typ": typ, "alg": "HS256", "kid": "old" }),
                    json!({ "alg": "HS256", "kid": "old", "typ": typ }),
                ] {
                    assert_invalid(layer, &sign_with(LEGACY_KEY, &header.to_string(), &claims))
                        .await;
                }
            }
            assert_passes(
                layer,
                &sign_with(
                    LEGACY_KEY,
                    r#"{"alg":"HS256","typ":"JWT","kid":"old"}"#,
                    &claims,
                ),
            )
            .await;
        }
    }
}

#[tokio::test]
async fn another_key_or_another_algorithm_is_refused() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    let claims = claims(&clock).to_string();
    for key in [HMAC_KEY, &[7; 32], b"", &LEGACY_KEY[..20]] {
        assert_invalid(&layer, &sign_with(key, JWT, &claims)).await;
    }
    for algorithm in ["none", "None", "HS384", "HS512", "RS256", "hs256", ""] {
        assert_invalid(
            &layer,
            &sign_with(
                LEGACY_KEY,
                &json!({ "alg": algorithm, "typ": "JWT" }).to_string(),
                &claims,
            ),
        )
        .await;
    }
    let unsigned = sign_with(LEGACY_KEY, JWT, &claims);
    assert_invalid(
        &layer,
        &format!("{}.", unsigned.rsplit_once('.').unwrap().0),
    )
    .await;
    // A public key is not a secret (RFC 8725 section 2.1).
    let rsa = KeySet::from_pem(Algorithm::Rs256, RSA.1).unwrap();
    let legacy = LegacyTokens::new(rsa, until(&clock), grant);
    let layer = BearerAuthLayer::new(support::verifier(&clock)).with_legacy_tokens(legacy);
    assert_invalid(&layer, &sign_with(RSA.1.as_bytes(), JWT, &claims)).await;
}

/// The legacy key makes no token of today, and today's key makes no legacy token.
#[tokio::test]
async fn neither_key_stands_in_for_the_other() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    let today = support::claims(&clock).to_string();
    assert_invalid(&layer, &sign_with(LEGACY_KEY, support::HEADER, &today)).await;
    for header in [JWT, WITHOUT_TYP] {
        assert_invalid(
            &layer,
            &sign_with(HMAC_KEY, header, &claims(&clock).to_string()),
        )
        .await;
        assert_invalid(&layer, &sign_with(HMAC_KEY, header, &today)).await;
        // Signed with the legacy key, but with claims that the application never wrote.
        assert_invalid(&layer, &sign_with(LEGACY_KEY, header, &today)).await;
    }
}

#[tokio::test]
async fn a_name_that_stands_twice_is_refused() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    let good = claims(&clock).to_string();
    for twice in [
        r#""user_id":"bob","#,
        r#""kind":"refresh","#,
        r#""exp":1,"#,
        r#""nobody":1,"nobody":2,"#,
    ] {
        assert_invalid(
            &layer,
            &sign_with(
                LEGACY_KEY,
                JWT,
                &good.replacen('{', &format!("{{{twice}"), 1),
            ),
        )
        .await;
    }
    for header in [
        r#"{"alg":"HS256","typ":"at+jwt","typ":"JWT"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
    ] {
        assert_invalid(&layer, &sign_with(LEGACY_KEY, header, &good)).await;
    }
}

#[tokio::test]
async fn a_header_that_demands_an_extension_or_bears_a_key_gains_nothing() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    let claims = claims(&clock).to_string();
    for critical in [json!(["exp"]), json!([]), json!(null)] {
        let header = json!({ "alg": "HS256", "typ": "JWT", "crit": critical, "exp": 1 });
        assert_invalid(&layer, &sign_with(LEGACY_KEY, &header.to_string(), &claims)).await;
    }
    let jwk = json!({ "kty": "oct", "k": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc" });
    let header = json!({ "alg": "HS256", "jwk": jwk });
    assert_invalid(&layer, &sign_with(&[7; 32], &header.to_string(), &claims)).await;
    for typ in [json!(7), json!(null), json!(["JWT"])] {
        let header = json!({ "alg": "HS256", "typ": typ }).to_string();
        assert_invalid(&layer, &sign_with(LEGACY_KEY, &header, &claims)).await;
    }
}

#[tokio::test]
async fn a_token_above_16_kib_is_refused() {
    let clock = ManualClock::new();
    let layer = layer(&clock);
    // Four characters of base64 for three bytes: not every length can be.
    let longer = |filler: usize| {
        token(&with_claim(
            claims(&clock),
            "filler",
            json!("x".repeat(filler)),
        ))
    };
    let above = (12_000..)
        .find(|&filler| longer(filler).len() > 16 * 1024)
        .unwrap();
    assert!((16_380..=16_384).contains(&longer(above - 1).len()));
    assert_passes(&layer, &longer(above - 1)).await;
    for filler in [above, above + 1, 16 * 1024] {
        ask(&layer, &format!("Bearer {}", longer(filler)))
            .await
            .assert_refused(400, "invalid_request", "token_too_large");
    }
}

/// "An HMAC secret below its hash's length is not a `KeySet`."
#[test]
fn a_short_secret_is_no_key_set() {
    assert!(KeySet::from_hmac_secret(Algorithm::Hs256, "secret").is_err());
    assert!(KeySet::from_hmac_secret(Algorithm::Hs256, [1; 31]).is_err());
    assert!(KeySet::from_hmac_secret(Algorithm::Hs256, [1; 32]).is_ok());
}

/// Debug is for logs: it names no secret.
#[test]
fn debug_tells_no_key() {
    let clock = ManualClock::new();
    let text = format!("{:?} {:?}", crate::legacy::legacy(&clock), layer(&clock));
    assert!(
        !text.contains(std::str::from_utf8(LEGACY_KEY).unwrap()),
        "{text}"
    );
    assert!(!text.contains(&format!("{LEGACY_KEY:?}")), "{text}");
}

/// The limit of another verifier is not theirs.
#[tokio::test]
async fn a_legacy_token_is_held_to_16_kib_whatever_others_may_be() {
    let clock = ManualClock::new();
    let other = support::without_issuer(&clock)
        .issuer("https://other.test")
        .max_token_bytes(100_000);
    let layer = layer(&clock).with_verifier(other.build().unwrap()).unwrap();
    let large = with_claim(claims(&clock), "filler", json!("x".repeat(50_000)));
    ask(&layer, &format!("Bearer {}", token(&large)))
        .await
        .assert_refused(400, "invalid_request", "token_too_large");
}

/// The same key signs tokens of both kinds. A check of today, which failed before, takes nothing
/// out of the claims.
#[tokio::test]
async fn a_token_that_another_check_refused_keeps_its_claims() {
    let clock = ManualClock::new();
    let seen = Arc::new(Mutex::new(None));
    let saw = Arc::clone(&seen);
    let keys = KeySet::from_hmac_secret(Algorithm::Hs256, HMAC_KEY).unwrap();
    let legacy = LegacyTokens::new(keys, until(&clock), move |claims: Value| {
        let subject = claims["sub"].as_str().unwrap_or("nobody").to_owned();
        let is_access = claims.get("kind").is_none_or(|kind| kind == "access");
        *saw.lock().unwrap() = Some(claims);
        is_access.then(|| LegacyUser::new(subject))
    });
    let verifier = support::builder(&clock).accept_untyped_jwt();
    let layer = BearerAuthLayer::new(verifier.build().unwrap()).with_legacy_tokens(legacy);
    let good = support::claims(&clock);
    let past = json!(clock.now().as_secs() - 3600);
    for (name, value) in [
        ("at_hash", json!("x")),
        ("c_hash", json!("x")),
        ("iss", json!("https://before.test")),
        ("iss", Value::Null),
    ] {
        let claims = with_claim(good.clone(), name, value);
        let token = |claims: &Value| sign_with(HMAC_KEY, JWT, &claims.to_string());
        *seen.lock().unwrap() = None;
        assert_passes(&layer, &token(&claims)).await;
        assert_eq!(seen.lock().unwrap().take(), Some(claims.clone()));
        assert_expired(
            &layer,
            &token(&with_claim(claims.clone(), "exp", past.clone())),
        )
        .await;
        assert_eq!(*seen.lock().unwrap(), None, "{name}");
        let refresh = with_claim(claims.clone(), "kind", json!("refresh"));
        assert_invalid(&layer, &token(&refresh)).await;
        let bound = with_claim(claims, "cnf", json!({ "jkt": "x" }));
        let answer = ask(&layer, &format!("Bearer {}", token(&bound))).await;
        answer.assert_refused(401, "invalid_token", "proof_needed");
    }
}

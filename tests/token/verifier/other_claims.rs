//! Issuers that name the audience and the subject in claims of their own.

use serde_json::{Value, json};
use support::{assert_passes, builder, claims, refused, show, token};
use tower_bearer::BearerAuthLayer;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;

use super::scope;

/// A token without `aud`, with these claims instead.
fn without_aud(clock: &ManualClock, others: &Value) -> String {
    changed(clock, "aud", others)
}

fn without_sub(clock: &ManualClock, others: &Value) -> String {
    changed(clock, "sub", others)
}

fn changed(clock: &ManualClock, absent: &str, others: &Value) -> String {
    let mut claims = claims(clock);
    claims.as_object_mut().unwrap().remove(absent);
    for (name, value) in others.as_object().unwrap() {
        claims[name] = value.clone();
    }
    token(&claims)
}

#[tokio::test]
async fn the_audience_is_found_in_another_claim() {
    let clock = ManualClock::new();
    let usual = builder(&clock).build().unwrap();
    for name in ["client_id", "azp"] {
        let verifier = builder(&clock).audience_claim(&[name]).build().unwrap();
        let good = without_aud(&clock, &json!({ name: "test" }));
        assert_passes(&verifier, &good).await;
        let claims = verifier.verify(&good).unwrap();
        assert_eq!(claims.audience().as_str(), "test");
        assert_eq!(
            claims.claim::<String>(name).unwrap().as_deref(),
            Some("test")
        );

        for other in [json!("other"), json!(["other"]), json!("TEST")] {
            let token = without_aud(&clock, &json!({ name: other }));
            assert_eq!(
                refused(&verifier, &token).await,
                VerifyErrorKind::WrongAudience
            );
        }
        for absent in [json!({}), json!({ name: null }), json!({ name: "" })] {
            let token = without_aud(&clock, &absent);
            assert_eq!(
                refused(&verifier, &token).await,
                VerifyErrorKind::NoAudience
            );
        }
        // Without the setting there is none.
        assert_eq!(refused(&usual, &good).await, VerifyErrorKind::NoAudience);
    }
}

/// RFC 7519 section 4.1.3: an `aud` that names others is not for us.
#[tokio::test]
async fn an_aud_counts_even_if_the_audience_is_in_another_claim() {
    let clock = ManualClock::new();
    let verifier = builder(&clock)
        .audience_claim(&["client_id"])
        .build()
        .unwrap();
    for (aud, client_id, passes) in [
        (json!(null), "test", true),
        (json!([]), "test", true),
        (json!("test"), "test", true),
        (json!(["other", "test"]), "test", true),
        (json!("other"), "test", false),
        (json!("test"), "other", false),
    ] {
        let token = without_aud(&clock, &json!({ "aud": aud, "client_id": client_id }));
        if passes {
            assert_passes(&verifier, &token).await;
        } else {
            assert_eq!(
                refused(&verifier, &token).await,
                VerifyErrorKind::WrongAudience
            );
        }
    }
}

#[test]
fn the_error_names_the_claims_that_are_absent() {
    let clock = ManualClock::new();
    let verifier = builder(&clock)
        .audience_claim(&["client_id"])
        .audience_claim(&["realm", "app"])
        .subject_claim(&["oid"])
        .subject_claim(&["realm", "user"])
        .build()
        .unwrap();
    for (token, names) in [
        (
            without_aud(&clock, &json!({ "oid": "alice" })),
            "client_id, realm.app",
        ),
        (
            without_sub(&clock, &json!({ "client_id": "test" })),
            "oid, realm.user",
        ),
    ] {
        let sentence = verifier.verify(&token).unwrap_err().to_string();
        assert!(
            sentence.contains(&format!("it has none of: {names}")),
            "{sentence}"
        );
    }
}

#[tokio::test]
async fn the_subject_is_found_in_another_claim() {
    let clock = ManualClock::new();
    let verifier = builder(&clock)
        .subject_claim(&["client_id"])
        .build()
        .unwrap();
    let layer = BearerAuthLayer::new(verifier.clone());
    for (others, subject) in [
        (json!({ "client_id": "worker" }), "worker"),
        (json!({ "sub": null, "client_id": "worker" }), "worker"),
        (json!({ "sub": "alice", "client_id": "worker" }), "worker"),
        (json!({ "client_id": 42 }), "42"),
        (json!({ "client_id": -42 }), "-42"),
        (json!({ "client_id": u64::MAX }), "18446744073709551615"),
    ] {
        let token = without_sub(&clock, &others);
        let shown = show(&layer, &token, |claims| claims.subject().to_string()).await;
        shown.assert_passed(subject);
    }
    for (others, kind) in [
        (json!({}), VerifyErrorKind::NoSubject),
        (json!({ "sub": "alice" }), VerifyErrorKind::NoSubject),
        (json!({ "client_id": "" }), VerifyErrorKind::NoSubject),
        (json!({ "client_id": 1.5 }), VerifyErrorKind::InvalidClaim),
        (json!({ "client_id": ["a"] }), VerifyErrorKind::InvalidClaim),
    ] {
        let token = without_sub(&clock, &others);
        assert_eq!(refused(&verifier, &token).await, kind, "{others}");
    }
}

#[tokio::test]
async fn users_and_machines_may_pass_the_same_verifier() {
    let clock = ManualClock::new();
    let verifier = builder(&clock)
        .subject_claim(&["sub"])
        .subject_claim(&["client_id"])
        .build()
        .unwrap();
    for (others, subject) in [
        (json!({ "sub": "alice", "client_id": "web" }), "alice"),
        (json!({ "client_id": "worker" }), "worker"),
        (json!({ "sub": 42 }), "42"),
    ] {
        let claims = verifier.verify(&without_sub(&clock, &others)).unwrap();
        assert_eq!(claims.subject().as_str(), subject);
    }
}

/// No check needs these, so none of them can refuse a token.
#[tokio::test]
async fn a_claim_that_no_check_needs_is_absent_where_it_is_odd() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).build().unwrap();
    for odd in [
        json!("2026-11-14T18:52:01.180Z"),
        json!(null),
        json!([1]),
        json!({ "a": 1 }),
        json!(true),
    ] {
        let mut claims = claims(&clock);
        for name in ["iat", "auth_time", "scope", "sid", "gen", "amr", "roles"] {
            claims[name] = odd.clone();
        }
        claims["jti"] = json!([1]);
        let token = token(&claims);
        assert_passes(&verifier, &token).await;
        let claims = verifier.verify(&token).unwrap();
        assert_eq!(claims.auth_time(), None, "{odd}");
        assert_eq!(claims.issued_at(), None, "{odd}");
        assert_eq!(claims.id(), None, "{odd}");
        assert_eq!(claims.session_id(), None, "{odd}");
    }
    let mut claims = claims(&clock);
    (claims["sub"], claims["scope"]) = (json!("alice"), json!({ "a": [] }));
    assert_eq!(scope(&verifier, &token(&claims)), "a");
}

//! The report of a verifier about a token, for development.

use serde_json::{Value, json};
use support::{builder, claims, sign, token};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::Explanation;

fn explained(changes: &Value) -> Explanation {
    let clock = ManualClock::new();
    let mut claims = claims(&clock);
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    builder(&clock).build().unwrap().explain(&token(&claims))
}

#[test]
fn a_good_token_passes_every_check() {
    let report = explained(&json!({ "scope": "orders:read" }));
    assert!(report.is_accepted(), "{report}");
    assert_eq!(report.refusals().count(), 0);
    assert_eq!(report.cures().count(), 0);
    let text = report.to_string();
    for line in [
        "iss",
        "\"test\"",
        "\"alice\"",
        "\"orders:read\"",
        "the token is accepted",
    ] {
        assert!(text.contains(line), "{text}");
    }
}

/// Where `verify` ends at the first.
#[test]
fn every_check_that_refuses_is_named_with_its_cure() {
    let clock = ManualClock::new();
    let claims = json!({ "iss": "https://id.test", "client_id": "worker", "exp": 1, "at_hash": "x",
        "scp": "orders.read" });
    let token = sign(r#"{"alg":"HS256"}"#, &claims.to_string());
    let verifier = builder(&clock).build().unwrap();
    let report = verifier.explain(&token);
    let refused: Vec<&str> = report.refusals().map(|(name, _)| name).collect();
    assert_eq!(refused, ["iss", "typ", "exp", "aud", "sub"]);
    let cures: Vec<&str> = report.cures().collect();
    assert_eq!(
        cures,
        [
            ".issuer(\"https://id.test\")",
            ".accept_untyped_jwt()",
            ".audience_claim(&[\"client_id\"])",
            ".subject_claim(&[\"client_id\"])",
            ".scope_claim(&[\"scp\"])",
        ]
    );
    let text = report.to_string();
    assert!(text.ends_with("the token is refused"), "{text}");
    assert!(!text.contains(&token), "{text}");
}

#[test]
fn it_agrees_with_the_verifier() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).build().unwrap();
    let payload = claims(&clock).to_string();
    for token in [
        token(&claims(&clock)),
        sign(r#"{"alg":"none","typ":"at+jwt"}"#, &payload),
        sign(r#"{"alg":"HS256","typ":"JWT"}"#, &payload),
        sign(r#"{"alg":"HS256","typ":"at+jwt","crit":[]}"#, &payload),
        support::sign_with(&[7; 32], support::HEADER, &payload),
        "opaque".to_owned(),
        "a.b.c.d.e".to_owned(),
    ] {
        let report = verifier.explain(&token);
        assert_eq!(
            report.is_accepted(),
            verifier.verify(&token).is_ok(),
            "{report}"
        );
    }
    for (name, value) in [
        ("nbf", json!(99_999_999_999_u64)),
        ("cnf", json!({ "jkt": "x" })),
        ("aud", json!("other")),
        ("exp", json!("soon")),
        ("sub", json!(42)),
    ] {
        let report = explained(&json!({ name: value }));
        let refused: Vec<&str> = report.refusals().map(|(name, _)| name).collect();
        assert_eq!(refused, [name], "{report}");
    }
}

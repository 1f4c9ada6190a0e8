//! Issuers whose key signs several kinds of tokens: `require_claim`.

use serde_json::json;
use support::{assert_passes, builder, refused};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;

use super::with;

#[tokio::test]
async fn a_claim_has_to_have_one_of_the_values() {
    let clock = ManualClock::new();
    let verifier = builder(&clock)
        .require_claim(&["drn"], ["DS", "7", "true"])
        .build()
        .unwrap();
    for good in [json!("DS"), json!("7"), json!(7), json!(true)] {
        assert_passes(&verifier, &with(&clock, "drn", good)).await;
    }
    for bad in [
        json!("DSR"),
        json!("ds"),
        json!(null),
        json!(["DS"]),
        json!(7.0),
        json!({ "DS": 1 }),
        json!(""),
    ] {
        let token = with(&clock, "drn", bad.clone());
        assert_eq!(
            refused(&verifier, &token).await,
            VerifyErrorKind::WrongClaim,
            "{bad}"
        );
    }
    let text = verifier
        .verify(&with(&clock, "drn", json!("DSR")))
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("drn is") && text.contains("DSR") && text.contains("\"DS\""),
        "{text}"
    );
}

/// As where the values come from an empty list of the configuration.
#[test]
fn a_claim_without_a_value_is_a_wrong_setting() {
    let none: [&str; 0] = [];
    let error = builder(&ManualClock::new())
        .require_claim(&["org", "id"], none)
        .require_claim(&["drn"], ["DS"])
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "`require_claim` has no value for org.id, so no token could pass. Name one"
    );
}

#[tokio::test]
async fn each_call_is_a_condition_and_a_path_leads_into_objects() {
    let clock = ManualClock::new();
    let verifier = builder(&clock)
        .require_claim(&["aud"], ["test"])
        .require_claim(&["org", "id"], ["acme"])
        .build()
        .unwrap();
    assert_passes(&verifier, &with(&clock, "org", json!({ "id": "acme" }))).await;
    for bad in [json!({ "id": "hooli" }), json!("acme"), json!(null)] {
        let token = with(&clock, "org", bad);
        assert_eq!(
            refused(&verifier, &token).await,
            VerifyErrorKind::WrongClaim
        );
    }
}

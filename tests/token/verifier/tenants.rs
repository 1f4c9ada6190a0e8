//! Issuers that put the tenant into their name.

use std::collections::HashSet;
use std::sync::{Arc, RwLock};

use serde_json::json;
use support::{assert_passes, claims_with, refused, show, token, without_issuer};
use tower_bearer::BearerAuthLayer;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::{Tenants, VerifyErrorKind};

const PATTERN: &str = "https://id.test/{tenantid}/v2.0";

fn from(clock: &ManualClock, issuer: &str) -> String {
    token(&claims_with(clock, "iss", json!(issuer)))
}

#[tokio::test]
async fn tenants_of_the_list_pass_and_others_do_not() {
    let clock = ManualClock::new();
    let verifier = without_issuer(&clock)
        .issuer_pattern(PATTERN, ["acme", "umbrella"])
        .build()
        .unwrap();
    for tenant in ["acme", "umbrella"] {
        let issuer = format!("https://id.test/{tenant}/v2.0");
        let token = from(&clock, &issuer);
        assert_passes(&verifier, &token).await;
        let layer = BearerAuthLayer::new(verifier.clone());
        let shown = show(&layer, &token, |claims| claims.issuer().to_string()).await;
        shown.assert_passed(&issuer);
    }
    for issuer in [
        "https://id.test/hooli/v2.0",
        "https://id.test/ACME/v2.0",
        "https://id.test//v2.0",
        "https://id.test/v2.0",
        "https://id.test/acme/v2.0/",
        "https://id.test/acme/umbrella/v2.0",
        "https://id.test/acme?/v2.0",
        "https://id.test.evil/acme/v2.0",
        PATTERN,
        "https://id.test/{acme}/v2.0",
    ] {
        assert_eq!(
            refused(&verifier, &from(&clock, issuer)).await,
            VerifyErrorKind::WrongIssuer,
            "{issuer}"
        );
    }
}

#[tokio::test]
async fn tenants_may_come_and_go_at_run_time() {
    let clock = ManualClock::new();
    let customers: Arc<RwLock<HashSet<String>>> = Arc::default();
    let known = Arc::clone(&customers);
    let tenants = Tenants::from_fn(move |tenant| known.read().unwrap().contains(tenant));
    let verifier = without_issuer(&clock)
        .issuer_pattern(PATTERN, tenants)
        .build()
        .unwrap();
    let token = from(&clock, "https://id.test/acme/v2.0");
    refused(&verifier, &token).await;
    customers.write().unwrap().insert("acme".to_owned());
    assert_passes(&verifier, &token).await;
    customers.write().unwrap().clear();
    refused(&verifier, &token).await;
}

#[test]
fn debug_shows_the_tenants_or_that_a_function_knows_them() {
    let list = Tenants::from(["acme"]);
    assert_eq!(format!("{list:?}"), r#"Tenants({"acme"})"#);
    let function = Tenants::from_fn(|_| true);
    assert_eq!(format!("{function:?}"), r#"Tenants("a function")"#);
}

#[tokio::test]
async fn even_a_function_that_accepts_all_sees_no_slash() {
    let clock = ManualClock::new();
    let verifier = without_issuer(&clock)
        .issuer_pattern(PATTERN, Tenants::from_fn(|_| true))
        .build()
        .unwrap();
    assert_passes(&verifier, &from(&clock, "https://id.test/any-1.2_3~4/v2.0")).await;
    for tenant in ["a/b", "", "..%2f", "a b", &"a".repeat(129), "\u{e9}"] {
        let token = from(&clock, &format!("https://id.test/{tenant}/v2.0"));
        assert_eq!(
            refused(&verifier, &token).await,
            VerifyErrorKind::WrongIssuer
        );
    }
}

#[test]
fn a_pattern_has_one_placeholder_and_a_tenant() {
    let clock = ManualClock::new();
    for pattern in [
        "https://id.test/v2.0",
        "https://id.test/{}/v2.0",
        "https://id.test/{a}/{b}",
        "https://id.test/}a{",
        "https://id.test/{a",
        "",
    ] {
        let error = without_issuer(&clock)
            .issuer_pattern(pattern, ["acme"])
            .build()
            .unwrap_err();
        assert!(error.to_string().contains("one placeholder"), "{error}");
    }
    let none: [&str; 0] = [];
    let error = without_issuer(&clock)
        .issuer_pattern(PATTERN, none)
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("list of tenants is empty"));
}

#[test]
fn a_tenant_of_the_list_is_a_part_of_an_issuer() {
    let clock = ManualClock::new();
    for tenant in ["", "a b", "https://id.test/acme/v2.0", "{tenantid}"] {
        let error = without_issuer(&clock)
            .issuer_pattern(PATTERN, [tenant, "acme"])
            .build()
            .unwrap_err();
        assert!(
            error.to_string().contains("a tenant of the list"),
            "{error}"
        );
    }
}

#[test]
fn two_patterns_for_the_same_issuers_are_noticed() {
    let clock = ManualClock::new();
    let all = |pattern| {
        without_issuer(&clock)
            .issuer_pattern(pattern, Tenants::from_fn(|_| true))
            .build()
            .unwrap()
    };
    let layer = BearerAuthLayer::new(all("https://id.test/{a}/v2.0"));
    let error = layer.clone().with_verifier(all("https://id.test/{b}/v2.0"));
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("already has a verifier")
    );
    let other = layer.with_verifier(all("https://id.test/{a}/v1.0"));
    assert!(other.is_ok());
}

#[tokio::test]
async fn a_layer_has_one_verifier_for_each_tenant() {
    let clock = ManualClock::new();
    let all = without_issuer(&clock)
        .issuer_pattern(PATTERN, ["acme", "umbrella"])
        .build()
        .unwrap();
    let one = |issuer| without_issuer(&clock).issuer(issuer).build().unwrap();
    let layer = BearerAuthLayer::new(all.clone());
    for same in [all, one("https://id.test/acme/v2.0")] {
        let error = layer.clone().with_verifier(same).unwrap_err();
        assert!(error.to_string().contains("already has a verifier"));
    }
    let layer = layer.with_verifier(one("https://id.test/hooli/v2.0"));
    let layer = layer.unwrap();
    for tenant in ["acme", "hooli"] {
        let token = from(&clock, &format!("https://id.test/{tenant}/v2.0"));
        let shown = show(&layer, &token, |claims| claims.subject().to_string()).await;
        shown.assert_passed("alice");
    }
}

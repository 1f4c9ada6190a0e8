//! The tokens of several issuers are refused before all of their payload is read.

use std::sync::Arc;

use serde_json::Value;
use support::{AUDIENCE, HEADER, HMAC_KEY, ISSUER, Log, ask, claims, sign_with, verifier};
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::{Tenants, VerifyErrorKind};
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, KeySet};

const OTHER: &str = "https://other.test";
const OTHER_KEY: &[u8] = b"another secret of thirty-two bytes, at least";

fn of(issuer: &str, clock: &ManualClock) -> Value {
    let mut claims = claims(clock);
    claims["iss"] = issuer.into();
    claims
}

fn hmac(key: &[u8]) -> KeySet {
    KeySet::from_hmac_secret(Algorithm::Hs256, key).unwrap()
}

fn named(issuer: &str, key: &[u8], clock: &ManualClock) -> AccessTokenVerifier {
    AccessTokenVerifier::builder(hmac(key))
        .issuer(issuer)
        .audience(AUDIENCE)
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap()
}

/// The issuer chooses the key before the rest of the payload is read.
#[tokio::test]
async fn a_payload_that_is_odd_behind_its_iss_is_refused_though_its_issuer_signed_it() {
    let clock = ManualClock::new();
    let layer = BearerAuthLayer::new(verifier(&clock))
        .with_verifier(named(OTHER, OTHER_KEY, &clock))
        .unwrap();
    for (issuer, key, another) in [(ISSUER, HMAC_KEY, OTHER), (OTHER, OTHER_KEY, ISSUER)] {
        let good = of(issuer, &clock).to_string();
        let rest = good.strip_suffix('}').unwrap();
        for odd in [
            format!(r#"{rest},"iss":"{another}"}}"#),
            format!(r#"{rest},"\u0069ss":"{issuer}"}}"#),
            format!(r#"{rest},"sub":"mallory"}}"#),
            format!("{rest},}}"),
            format!("{good}{good}"),
            rest.to_owned(),
        ] {
            ask(&layer, &format!("Bearer {}", sign_with(key, HEADER, &odd)))
                .await
                .assert_refused(401, "invalid_token", "token_invalid");
        }
        ask(&layer, &format!("Bearer {}", sign_with(key, HEADER, &good)))
            .await
            .assert_passed("alice");
    }
}

/// All tenants of an issuer.
fn tenants(key: &[u8], clock: &ManualClock) -> AccessTokenVerifier {
    AccessTokenVerifier::builder(hmac(key))
        .issuer_pattern("https://{tenant}.test", Tenants::from_fn(|_| true))
        .audience(AUDIENCE)
        .clock(Arc::new(clock.clone()))
        .build()
        .unwrap()
}

/// The claims of a token of `OTHER`, and a comma too many at their end.
fn broken(clock: &ManualClock) -> String {
    let claims = of(OTHER, clock).to_string();
    format!("{},}}", claims.strip_suffix('}').unwrap())
}

/// The signature is checked first, so a forged token costs less than a good one.
#[tokio::test]
async fn the_payload_of_a_forged_token_is_not_read_to_its_end() {
    let clock = ManualClock::new();
    let tenants = tenants(OTHER_KEY, &clock);
    let first = BearerAuthLayer::new(named("https://first.example", HMAC_KEY, &clock));
    let several = first.clone().with_verifier(named(OTHER, OTHER_KEY, &clock));
    for (issuers, layer) in [
        ("tenants", BearerAuthLayer::new(tenants.clone())),
        ("several", several.unwrap()),
        ("one and tenants", first.with_verifier(tenants).unwrap()),
    ] {
        let (log, _guard) = Log::capture();
        for (key, expected) in [
            (HMAC_KEY, "the signature of the token is invalid"),
            (OTHER_KEY, "the token is malformed"),
        ] {
            let token = sign_with(key, HEADER, &broken(&clock));
            ask(&layer, &format!("Bearer {token}"))
                .await
                .assert_refused(401, "invalid_token", "token_invalid");
            let said = log.take();
            assert!(said.contains(expected), "{issuers}: {said}");
        }
    }
}

#[test]
fn a_verifier_of_tenants_checks_the_signature_first_too() {
    let clock = ManualClock::new();
    let tenants = tenants(OTHER_KEY, &clock);
    for (key, kind) in [
        (HMAC_KEY, VerifyErrorKind::BadSignature),
        (OTHER_KEY, VerifyErrorKind::Malformed),
    ] {
        let refused = tenants.verify(&sign_with(key, HEADER, &broken(&clock)));
        assert_eq!(refused.unwrap_err().kind(), kind);
    }
}

#[tokio::test]
async fn the_log_says_which_issuers_are_accepted_and_not_all_of_many() {
    let (log, _guard) = Log::capture();
    let clock = ManualClock::new();
    let mut layer = BearerAuthLayer::new(verifier(&clock));
    for number in 1..12 {
        let next = named(&format!("https://{number}.test"), HMAC_KEY, &clock);
        layer = layer.with_verifier(next).unwrap();
    }
    let token = sign_with(HMAC_KEY, HEADER, &of(OTHER, &clock).to_string());
    ask(&layer, &format!("Bearer {token}"))
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    let said = log.take();
    let first_ten = "accepts \"https://issuer.test\", \"https://1.test\", ";
    assert!(said.contains(&format!("iss is \"{OTHER}\"")), "{said}");
    assert!(
        said.contains(first_ten) && said.contains("https://9.test"),
        "{said}"
    );
    assert!(!said.contains("https://10.test"), "{said}");
}

//! Tokens that are bound to a key of their sender: `cnf` (RFC 7800).

use serde_json::{Value, json};
use support::{
    HEADER, Log, ask, assert_passes, bearer, builder, claims, claims_with, refused, sign_with,
    token, verifier,
};
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::{ManualClock, TestTokens};
use tower_bearer::token::SignError;
use tower_bearer::token::VerifyErrorKind;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, Grant, Identity, KeySet};

use crate::legacy;

/// As RFC 9449 section 6.1, RFC 8705 section 3.1 and RFC 7800 section 3 have them, and what is none
/// of these.
fn bindings() -> [Value; 9] {
    [
        json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }),
        json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" }),
        json!({ "jwk": {
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        } }),
        json!({}),
        json!([]),
        json!(""),
        json!(0),
        json!(false),
        json!("a key"),
    ]
}

// requirement 78
#[tokio::test]
async fn a_token_that_is_bound_to_a_key_is_refused_as_a_bearer_token() {
    let clock = ManualClock::new();
    for cnf in bindings() {
        let bound = token(&claims_with(&clock, "cnf", cnf.clone()));
        assert_eq!(
            refused(&verifier(&clock), &bound).await,
            VerifyErrorKind::ProofNeeded,
            "{cnf}"
        );
        let untyped = builder(&clock).accept_untyped_jwt().build().unwrap();
        assert_eq!(
            refused(&untyped, &bound).await,
            VerifyErrorKind::ProofNeeded,
            "{cnf}"
        );
    }
}

#[tokio::test]
async fn null_binds_to_nothing() {
    let clock = ManualClock::new();
    let mut claims = claims(&clock);
    claims["cnf"] = Value::Null;
    assert_passes(&verifier(&clock), &token(&claims)).await;
}

#[tokio::test]
async fn told_so_aloud_a_verifier_accepts_it_without_a_proof() {
    let clock = ManualClock::new();
    let reckless = builder(&clock)
        .dangerous_accept_unproven_cnf()
        .build()
        .unwrap();
    for cnf in bindings() {
        let bound = token(&claims_with(&clock, "cnf", cnf.clone()));
        assert_passes(&reckless, &bound).await;
        // The application may look at it.
        assert_eq!(
            reckless
                .verify(&bound)
                .unwrap()
                .claim::<Value>("cnf")
                .unwrap(),
            Some(cnf)
        );
    }
    assert_passes(&reckless, &token(&claims(&clock))).await;
}

#[tokio::test]
async fn everything_else_is_checked_first() {
    let clock = ManualClock::new();
    for (name, value, kind) in [
        ("exp", json!(1), VerifyErrorKind::Expired),
        (
            "nbf",
            json!(99_999_999_999_u64),
            VerifyErrorKind::NotYetValid,
        ),
        ("aud", json!("other"), VerifyErrorKind::WrongAudience),
        (
            "iss",
            json!("https://other.test"),
            VerifyErrorKind::WrongIssuer,
        ),
    ] {
        let mut claims = claims_with(&clock, "cnf", json!({ "jkt": "x" }));
        claims[name] = value;
        assert_eq!(
            refused(&verifier(&clock), &token(&claims)).await,
            kind,
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_log_says_why() {
    let clock = ManualClock::new();
    let layer = BearerAuthLayer::new(verifier(&clock));
    let bound = token(&claims_with(&clock, "cnf", json!({ "jkt": "x" })));
    let (log, _guard) = Log::capture();
    ask(&layer, &bearer(&bound))
        .await
        .assert_refused(401, "invalid_token", "proof_needed");
    let said = log.text();
    assert!(
        said.contains("the token is bound to a key of its sender") && said.contains("(cnf)"),
        "{said}"
    );
    support::assert_silent_about(&said, &[&bound]);
}

/// A setting of one verifier does not change another.
#[tokio::test]
async fn the_setting_is_that_of_one_issuer() {
    let clock = ManualClock::new();
    let key = b"another secret of thirty-two bytes, at least";
    let theirs =
        AccessTokenVerifier::builder(KeySet::from_hmac_secret(Algorithm::Hs256, key).unwrap())
            .issuer("https://other.test")
            .audience(support::AUDIENCE)
            .clock(std::sync::Arc::new(clock.clone()))
            .dangerous_accept_unproven_cnf()
            .build()
            .unwrap();
    let layer = BearerAuthLayer::new(verifier(&clock))
        .with_verifier(theirs)
        .unwrap();
    let mut claims = claims_with(&clock, "cnf", json!({ "jkt": "x" }));
    ask(&layer, &bearer(&token(&claims))).await.assert_refused(
        401,
        "invalid_token",
        "proof_needed",
    );
    claims["iss"] = json!("https://other.test");
    ask(
        &layer,
        &bearer(&sign_with(key, HEADER, &claims.to_string())),
    )
    .await
    .assert_passed("alice");
}

/// Legacy tokens with `cnf` are refused too, and no setting accepts them.
// requirement 78
#[tokio::test]
async fn a_legacy_token_that_is_bound_to_a_key_is_refused() {
    let clock = ManualClock::new();
    let reckless = builder(&clock)
        .dangerous_accept_unproven_cnf()
        .build()
        .unwrap();
    let reckless = BearerAuthLayer::new(reckless).with_legacy_tokens(legacy::legacy(&clock));
    let usual = legacy::layer(&clock);
    for cnf in bindings() {
        let mut claims = legacy::claims(&clock);
        claims["cnf"] = cnf;
        for layer in [&usual, &reckless] {
            let answer = ask(layer, &bearer(&legacy::token(&claims))).await;
            answer.assert_refused(401, "invalid_token", "proof_needed");
        }
    }
    let mut claims = legacy::claims(&clock);
    claims["cnf"] = Value::Null;
    ask(&usual, &bearer(&legacy::token(&claims)))
        .await
        .assert_passed("alice");
}

/// Verifiers elsewhere act on these names, so no claim of the application's own may have one.
#[test]
fn our_signer_makes_no_token_that_says_so() {
    let tokens = TestTokens::new();
    let grant = Grant::new().with_claim("cnf", json!({ "jkt": "x" }));
    let error = tokens
        .signer()
        .sign(&Identity::new("alice"), &grant, support::MINUTE)
        .unwrap_err();
    let SignError::ReservedClaims { names, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(names, ["cnf"]);
}

/// In a token of another issuer they are claims like any other.
#[tokio::test]
async fn the_other_reserved_names_can_be_read() {
    let clock = ManualClock::new();
    for (name, value) in [
        ("act", json!({ "sub": "https://service.test" })),
        ("may_act", json!({ "sub": "bob" })),
        ("acr", json!("urn:example:silver")),
        ("amr", json!(["pwd", "otp"])),
        ("nonce", json!("n-0S6_WzA2Mj")),
        (
            "authorization_details",
            json!([{ "type": "account_information" }]),
        ),
    ] {
        let token = token(&claims_with(&clock, name, value.clone()));
        assert_passes(&verifier(&clock), &token).await;
        assert_eq!(
            verifier(&clock)
                .verify(&token)
                .unwrap()
                .claim::<Value>(name)
                .unwrap(),
            Some(value)
        );
    }
}

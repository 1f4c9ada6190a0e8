//! What an error says about a token: what was expected, and what came.

use serde_json::{Value, json};
use support::keys::{P256, RSA, jwk, key};
use support::{HEADER, builder, builder_with, claims, refused, sign, token};
use tower_bearer::clock::Clock;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;
use tower_bearer::{AccessTokenVerifier, KeySet};

fn text_of(verifier: &AccessTokenVerifier, token: &str) -> String {
    verifier.verify(token).unwrap_err().to_string()
}

fn said_of(changes: &Value) -> String {
    let clock = ManualClock::new();
    let mut claims = claims(&clock);
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    text_of(&builder(&clock).build().unwrap(), &token(&claims))
}

#[test]
fn a_refusal_says_what_was_expected_and_what_came() {
    for (changes, parts) in [
        (
            json!({ "aud": "account" }),
            &["aud is \"account\"", "accepts \"test\""][..],
        ),
        (
            json!({ "aud": ["account", "other"] }),
            &["\"account\", \"other\""],
        ),
        (
            json!({ "aud": null, "client_id": "6abc" }),
            &[
                "there is no aud",
                "client_id, which is \"6abc\"",
                "audience_claim(&[\"client_id\"])",
            ],
        ),
        (
            json!({ "aud": null }),
            &["there is no aud", "`audience_claim`"],
        ),
        (
            json!({ "sub": null }),
            &["there is no sub", "`subject_claim`"],
        ),
        (
            json!({ "iss": "https://other.test" }),
            &["iss is \"https://other.test\"", "\"https://issuer.test\""],
        ),
        (
            json!({ "exp": "1700000000" }),
            &["exp is the text \"1700000000\", and not a number of seconds"],
        ),
        (
            json!({ "exp": "soon" }),
            &["exp is the text \"soon\", and not a number of seconds"],
        ),
        (
            json!({ "sub": 42 }),
            &["sub is the number 42, and not text"],
        ),
        (json!({ "sub": true }), &["sub is true, and not text"]),
        (
            json!({ "aud": ["a\"b", 7] }),
            &["aud is the list [\"a\\\"b\",7], and not text or a list of texts"],
        ),
        (
            json!({ "sub": { "id": "42" } }),
            &["sub is the object {\"id\":\"42\"}, and not text"],
        ),
        (json!({ "exp": 1 }), &["expired", "1, and now it is 17"]),
    ] {
        let text = said_of(&changes);
        for part in parts {
            assert!(text.contains(part), "{changes}: {text}");
        }
    }
}

#[tokio::test]
async fn tokens_that_are_not_signed_jwts_are_called_what_they_are() {
    let verifier = builder(&ManualClock::new()).build().unwrap();
    for (token, kind, word) in [
        ("opaque-token", VerifyErrorKind::Opaque, "opaque"),
        ("ory_at_x.y", VerifyErrorKind::Opaque, "opaque"),
        ("a.b.c.d", VerifyErrorKind::Opaque, "opaque"),
        ("a.b.c.d.e.f", VerifyErrorKind::Opaque, "opaque"),
        (
            "eyJhbGciOiJkaXIifQ..aXY.dGV4dA.dGFn",
            VerifyErrorKind::Encrypted,
            "encrypted",
        ),
        ("a.b.c", VerifyErrorKind::Malformed, "malformed"),
    ] {
        assert_eq!(refused(&verifier, token).await, kind, "{token}");
        let text = text_of(&verifier, token);
        assert!(text.contains(word) && !text.contains(token), "{text}");
    }
}

#[test]
fn a_token_of_another_type_is_told_what_would_accept_it() {
    let clock = ManualClock::new();
    let payload = claims(&clock).to_string();
    let strict = builder(&clock).build().unwrap();
    for (header, part) in [
        (r#"{"alg":"HS256"}"#, "there is none, and not \"at+jwt\""),
        (r#"{"alg":"HS256","typ":"JWT"}"#, "`accept_untyped_jwt`"),
    ] {
        let text = text_of(&strict, &sign(header, &payload));
        assert!(text.contains(part), "{text}");
    }
    let text = text_of(
        &strict,
        &sign(r#"{"alg":"HS256","typ":"dpop+jwt"}"#, &payload),
    );
    assert!(
        text.contains("\"dpop+jwt\"") && !text.contains("untyped"),
        "{text}"
    );
}

#[test]
fn an_unknown_key_is_named() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).build().unwrap();
    let payload = claims(&clock).to_string();
    let header = r#"{"alg":"RS256","typ":"at+jwt","kid":"2019"}"#;
    let error = verifier.verify(&sign(header, &payload)).unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::UnknownKey);
    assert!(
        error
            .to_string()
            .contains("the kid \"2019\" signs such tokens with \"RS256\""),
        "{error}"
    );
}

#[test]
fn no_value_of_a_forged_token_is_shown() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).build().unwrap();
    let mut forged = claims(&clock);
    (forged["aud"], forged["sub"]) = (json!("hunter2"), json!(null));
    let token = support::sign_with(&[7; 32], HEADER, &forged.to_string());
    let text = text_of(&verifier, &token);
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_value_cannot_forge_a_line_or_flood_the_log() {
    let long = "x".repeat(5_000);
    for text in [
        said_of(&json!({ "iss": "https://x\nERROR forged \u{1b}[31m" })),
        said_of(&json!({ "iss": long })),
        said_of(&json!({ "aud": [long, long] })),
        said_of(&json!({ "aud": vec!["a"; 1_000] })),
        said_of(&json!({ "exp": vec![0; 1_000] })),
        said_of(&json!({ "exp": long })),
        said_of(&json!({ "sub": { "a": long } })),
        said_of(&json!({ "sub": ["x\nERROR forged \u{1b}[31m\u{202e}\u{85}"] })),
    ] {
        assert!(
            !text.contains(['\n', '\u{1b}', '\u{85}', '\u{202e}']),
            "{text}"
        );
        assert!(text.len() < 1_000, "{} bytes", text.len());
    }
}

/// The algorithm of a key that does not name one follows from its type. Only that of RSA is a
/// choice.
#[test]
fn a_key_with_another_algorithm_is_named_with_the_cure_where_there_is_one() {
    let clock = ManualClock::new();
    for (pair, alg, assumed, has_cure) in [
        (RSA, "PS256", "RS256", true),
        (P256, "RS256", "ES256", false),
    ] {
        let mut unnamed = jwk(&key(pair).key_set());
        unnamed.as_object_mut().unwrap().remove("alg");
        let keys = KeySet::from_jwk(&unnamed.to_string()).unwrap();
        let verifier = builder_with(keys, &clock).build().unwrap();
        let header = json!({ "alg": alg, "typ": "at+jwt" }).to_string();
        let said = text_of(&verifier, &sign(&header, &claims(&clock).to_string()));
        assert!(said.contains(&format!("is for {assumed}")), "{said}");
        assert_eq!(said.contains("with_rsa_algorithm"), has_cure, "{said}");
    }
}

/// Such a token passes for thousands of years, and a report says so.
#[test]
fn an_end_in_milliseconds_is_noticed() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).build().unwrap();
    let end = clock.now().as_secs() + 3600;
    for (exp, is_noticed) in [(end, false), (end * 1000, true)] {
        let mut claims = claims(&clock);
        claims["exp"] = json!(exp);
        let report = verifier.explain(&token(&claims));
        assert!(report.is_accepted(), "{report}");
        let text = report.to_string();
        assert_eq!(text.contains("milliseconds?"), is_noticed, "{text}");
    }
}

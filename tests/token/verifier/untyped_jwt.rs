//! Issuers that do not tell their access tokens apart: `accept_untyped_jwt`.

use serde_json::{Value, json};
use support::{assert_passes, builder, claims, claims_with, refused, sign, verifier};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::VerifyErrorKind;

fn header(typ: &Value) -> String {
    json!({ "alg": "HS256", "typ": typ }).to_string()
}

const WITHOUT_TYP: &str = r#"{"alg":"HS256"}"#;

#[tokio::test]
async fn by_default_a_token_has_to_say_that_it_is_an_access_token() {
    let clock = ManualClock::new();
    let verifier = verifier(&clock);
    let payload = claims(&clock).to_string();
    for typ in ["JWT", "jwt", "application/jwt"] {
        assert_eq!(
            refused(&verifier, &sign(&header(&json!(typ)), &payload)).await,
            VerifyErrorKind::WrongType,
            "{typ}"
        );
    }
    assert_eq!(
        refused(&verifier, &sign(WITHOUT_TYP, &payload)).await,
        VerifyErrorKind::WrongType
    );
    assert_passes(&verifier, &sign(&header(&json!("at+jwt")), &payload)).await;
}

#[tokio::test]
async fn told_so_it_takes_jwt_and_no_typ_and_access_tokens_as_before() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).accept_untyped_jwt().build().unwrap();
    let payload = claims(&clock).to_string();
    for typ in [
        "JWT",
        "jwt",
        "application/jwt",
        "application/JWT",
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
    ] {
        assert_passes(&verifier, &sign(&header(&json!(typ)), &payload)).await;
    }
    assert_passes(&verifier, &sign(WITHOUT_TYP, &payload)).await;
    assert_passes(&verifier.clone(), &sign(WITHOUT_TYP, &payload)).await;
}

/// RFC 8725 section 3.11: what says that it is something else is something else.
#[tokio::test]
async fn every_other_typ_is_refused_all_the_same() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).accept_untyped_jwt().build().unwrap();
    let payload = claims(&clock).to_string();
    let texts = [
        "id+jwt",
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "rt+jwt",
        "jose",
        "JWS",
        "",
        " JWT",
        "JWT ",
        "jwt+at",
        "at+jwtx",
    ];
    let media = [
        "text/jwt",
        "application/",
        "application/application/jwt",
        "application/id+jwt",
        "application/jwt; x=y",
    ];
    let odd = [
        json!(null),
        json!(7),
        json!(true),
        json!(["JWT"]),
        json!({ "typ": "JWT" }),
    ];
    for typ in texts.iter().chain(&media).map(|typ| json!(typ)).chain(odd) {
        assert_eq!(
            refused(&verifier, &sign(&header(&typ), &payload)).await,
            VerifyErrorKind::WrongType,
            "{typ}"
        );
    }
}

/// "Only the audience tells."
#[tokio::test]
async fn everything_else_is_checked_as_before() {
    let clock = ManualClock::new();
    let verifier = builder(&clock).accept_untyped_jwt().build().unwrap();
    let jwt = header(&json!("JWT"));
    for (name, value, kind) in [
        ("aud", json!("a client id"), VerifyErrorKind::WrongAudience),
        ("aud", json!(null), VerifyErrorKind::NoAudience),
        (
            "iss",
            json!("https://other.test"),
            VerifyErrorKind::WrongIssuer,
        ),
        ("exp", json!(null), VerifyErrorKind::NoExpiry),
        ("exp", json!(1), VerifyErrorKind::Expired),
        ("sub", json!(null), VerifyErrorKind::NoSubject),
        (
            "nbf",
            json!(99_999_999_999_u64),
            VerifyErrorKind::NotYetValid,
        ),
    ] {
        let claims = claims_with(&clock, name, value).to_string();
        assert_eq!(
            refused(&verifier, &sign(&jwt, &claims)).await,
            kind,
            "{name}"
        );
    }
    let payload = claims(&clock).to_string();
    let other_key = support::sign_with(&[7; 32], &jwt, &payload);
    assert_eq!(
        refused(&verifier, &other_key).await,
        VerifyErrorKind::BadSignature
    );
    let none = sign(r#"{"alg":"none","typ":"JWT"}"#, &payload);
    assert_eq!(refused(&verifier, &none).await, VerifyErrorKind::UnknownKey);
    let critical = sign(r#"{"alg":"HS256","typ":"JWT","crit":["exp"]}"#, &payload);
    assert_eq!(
        refused(&verifier, &critical).await,
        VerifyErrorKind::CriticalExtension
    );
    let twice = sign(r#"{"alg":"HS256","typ":"dpop+jwt","typ":"JWT"}"#, &payload);
    assert_eq!(refused(&verifier, &twice).await, VerifyErrorKind::Malformed);
}

/// The access tokens of some issuers have claims of ID tokens.
#[tokio::test]
async fn told_so_aloud_it_takes_tokens_that_look_like_id_tokens() {
    let clock = ManualClock::new();
    let untyped = builder(&clock).accept_untyped_jwt().build().unwrap();
    // The order of the settings does not matter.
    let aloud = builder(&clock)
        .accept_id_token_like()
        .accept_untyped_jwt()
        .build()
        .unwrap();
    for claim in ["at_hash", "c_hash"] {
        let payload = claims_with(&clock, claim, json!("Xv1Y")).to_string();
        for header in [r#"{"alg":"HS256"}"#, &header(&json!("JWT"))] {
            let token = sign(header, &payload);
            assert_passes(&aloud, &token).await;
            assert_eq!(
                refused(&untyped, &token).await,
                VerifyErrorKind::LooksLikeIdToken
            );
            let text = untyped.verify(&token).unwrap_err().to_string();
            assert!(
                text.contains(claim) && text.contains("accept_id_token_like"),
                "{text}"
            );
        }
        // The type of these is beyond doubt.
        assert_passes(&untyped, &sign(support::HEADER, &payload)).await;
    }
    let logout = claims_with(&clock, "events", json!({ "http://x": {} })).to_string();
    let logout = sign(r#"{"alg":"HS256"}"#, &logout);
    assert_eq!(
        refused(&aloud, &logout).await,
        VerifyErrorKind::LooksLikeIdToken
    );
}

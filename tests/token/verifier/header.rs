//! The header parameters that a token may have, and may not decide (RFC 8725, RFC 9068 section 4).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use support::keys::RSA;
use support::{
    HEADER, HMAC_KEY, assert_passes, claims, refused, sign, sign_with, verifier, verifier_with,
};
use tower_bearer::keys::Algorithm;
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::{AccessTokenSigner, VerifyErrorKind};
use tower_bearer::{Grant, Identity, KeySet, SigningKey};

const PUBLIC_PEM: &str = RSA.1;

fn good(header: &str, clock: &ManualClock) -> String {
    sign(header, &claims(clock).to_string())
}

// requirement 45
#[tokio::test]
async fn a_token_without_a_signature_is_refused() {
    let clock = ManualClock::new();
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let signed = good(&format!(r#"{{"alg":"{alg}","typ":"at+jwt"}}"#), &clock);
        let (message, _) = signed.rsplit_once('.').unwrap();
        refused(&verifier(&clock), &format!("{message}.")).await;
        refused(&verifier(&clock), &signed).await;
    }
    // The usual header, and nothing that proves it.
    let signed = good(HEADER, &clock);
    let (message, _) = signed.rsplit_once('.').unwrap();
    assert_eq!(
        refused(&verifier(&clock), &format!("{message}.")).await,
        VerifyErrorKind::BadSignature
    );
}

// requirement 45
#[tokio::test]
async fn a_public_key_is_never_taken_for_a_shared_secret() {
    let clock = ManualClock::new();
    let keys = KeySet::from_pem(Algorithm::Rs256, PUBLIC_PEM)
        .unwrap()
        .with_kid("k");
    let jwk_set = keys.to_public_jwk_set();
    let jwk: serde_json::Value = serde_json::from_str(&jwk_set).unwrap();
    let verifier = verifier_with(keys, &clock);
    let claims = claims(&clock).to_string();
    for secret in [
        PUBLIC_PEM,
        PUBLIC_PEM.trim_end(),
        &jwk_set,
        &jwk["keys"][0].to_string(),
        jwk["keys"][0]["n"].as_str().unwrap(),
    ] {
        for alg in ["HS256", "RS256"] {
            for kid in ["", r#","kid":"k""#] {
                let header = format!(r#"{{"alg":"{alg}","typ":"at+jwt"{kid}}}"#);
                refused(&verifier, &sign_with(secret.as_bytes(), &header, &claims)).await;
            }
        }
    }
}

// requirement 45
#[tokio::test]
async fn a_key_is_used_by_its_own_algorithm_only() {
    let clock = ManualClock::new();
    let pem = RSA.0;
    for (signs, believed) in [
        (Algorithm::Rs512, Algorithm::Rs256),
        (Algorithm::Ps256, Algorithm::Rs256),
    ] {
        let key = SigningKey::from_rsa_pem(signs, pem).unwrap();
        let signer = AccessTokenSigner::new(support::ISSUER, support::AUDIENCE, key).unwrap();
        let token = signer
            .sign(
                &Identity::new("alice"),
                &Grant::new(),
                std::time::Duration::from_secs(300),
            )
            .unwrap();
        let verifier =
            support::verifier_with(KeySet::from_pem(believed, PUBLIC_PEM).unwrap(), &clock);
        assert_eq!(
            refused(&verifier, token.secret()).await,
            VerifyErrorKind::UnknownKey
        );
    }
    // An HMAC key of 64 bytes would do for all three.
    let keys = KeySet::from_hmac_secret(Algorithm::Hs512, [7; 64]).unwrap();
    let token = sign_with(&[7; 64], HEADER, &claims(&clock).to_string());
    refused(&verifier_with(keys, &clock), &token).await;
}

// requirement 46
#[tokio::test]
async fn only_the_type_of_an_access_token_passes() {
    let clock = ManualClock::new();
    let verifier = verifier(&clock);
    for typ in [
        "at+jwt",
        "application/at+jwt",
        "AT+JWT",
        "At+Jwt",
        "Application/AT+jwt",
    ] {
        assert_passes(
            &verifier,
            &good(&json!({ "alg": "HS256", "typ": typ }).to_string(), &clock),
        )
        .await;
    }
    let wrong = [
        json!("JWT"),
        json!("jwt"),
        json!("id+jwt"),
        json!("dpop+jwt"),
        json!("at+jwt "),
        json!("text/at+jwt"),
        json!(""),
    ];
    for typ in wrong.into_iter().chain([
        json!(null),
        json!(1),
        json!(["at+jwt"]),
        json!("application/application/at+jwt"),
    ]) {
        let token = good(&json!({ "alg": "HS256", "typ": typ }).to_string(), &clock);
        assert_eq!(
            refused(&verifier, &token).await,
            VerifyErrorKind::WrongType,
            "{typ}"
        );
    }
    assert_eq!(
        refused(&verifier, &good(r#"{"alg":"HS256"}"#, &clock)).await,
        VerifyErrorKind::WrongType
    );
}

// requirement 49
#[tokio::test]
async fn any_critical_extension_is_refused() {
    let clock = ManualClock::new();
    for crit in [
        json!(["exp"]),
        json!(["b64"]),
        json!([]),
        json!(null),
        json!("x"),
        json!(["alg", "typ"]),
        json!({}),
    ] {
        let token = good(
            &json!({ "alg": "HS256", "typ": "at+jwt", "crit": crit, "b64": true }).to_string(),
            &clock,
        );
        assert_eq!(
            refused(&verifier(&clock), &token).await,
            VerifyErrorKind::CriticalExtension,
            "{crit}"
        );
    }
}

/// RFC 7797 section 7. The fuzz target `tokens` found it.
// requirement 49
#[tokio::test]
async fn a_token_whose_payload_is_said_not_to_be_encoded_is_refused() {
    let clock = ManualClock::new();
    let header = |b64: Value| json!({ "alg": "HS256", "typ": "at+jwt", "b64": b64 }).to_string();
    for b64 in [json!(false), json!("true"), json!(1), json!(null)] {
        assert_eq!(
            refused(&verifier(&clock), &good(&header(b64.clone()), &clock)).await,
            VerifyErrorKind::CriticalExtension,
            "{b64}"
        );
    }
    let encoded = good(&header(json!(true)), &clock);
    assert_passes(&verifier(&clock), &encoded).await;
}

// requirement 49
#[tokio::test]
async fn a_key_that_the_token_brings_along_is_not_looked_at() {
    let clock = ManualClock::new();
    let attackers = b"an attacker chose these 32 bytes";
    let jwk =
        json!({ "kty": "oct", "alg": "HS256", "kid": "k", "k": URL_SAFE_NO_PAD.encode(attackers) });
    let address = "https://attacker.test/keys";
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!(address)),
        ("x5u", json!(address)),
        ("x5c", json!(["MIIB"])),
    ] {
        let header =
            json!({ "alg": "HS256", "typ": "at+jwt", "kid": "k", name: value }).to_string();
        let forged = sign_with(attackers, &header, &claims(&clock).to_string());
        assert_eq!(
            refused(&verifier(&clock), &forged).await,
            VerifyErrorKind::BadSignature,
            "{name}"
        );
        // Our own key signed this one: what is not looked at does no harm either.
        assert_passes(&verifier(&clock), &good(&header, &clock)).await;
    }
}

// requirement 49
#[tokio::test]
async fn a_kid_is_only_ever_looked_up() {
    let clock = ManualClock::new();
    let named = verifier_with(
        KeySet::from_hmac_secret(Algorithm::Hs256, HMAC_KEY)
            .unwrap()
            .with_kid("the-key"),
        &clock,
    );
    assert_passes(
        &named,
        &good(r#"{"alg":"HS256","typ":"at+jwt","kid":"the-key"}"#, &clock),
    )
    .await;
    assert_passes(&named, &good(HEADER, &clock)).await;
    let long = "k".repeat(4000);
    let strange = [
        "../../../../dev/null",
        "/dev/null",
        "' OR 1=1 --",
        "THE-KEY",
        "the-key\0",
        "",
        "\u{1f511}",
        "*",
        &long,
    ];
    for kid in strange {
        let header = json!({ "alg": "HS256", "typ": "at+jwt", "kid": kid }).to_string();
        assert_eq!(
            refused(&named, &good(&header, &clock)).await,
            VerifyErrorKind::UnknownKey,
            "{kid:?}"
        );
        // `/dev/null` as a key file would be an empty secret.
        refused(
            &named,
            &sign_with(b"", &header, &claims(&clock).to_string()),
        )
        .await;
    }
}

// requirement 49
#[tokio::test]
async fn a_kid_that_is_no_text_is_refused() {
    let clock = ManualClock::new();
    for kid in [
        json!(1),
        json!(null),
        json!(["k"]),
        json!({ "k": 1 }),
        json!(true),
    ] {
        let token = good(
            &json!({ "alg": "HS256", "typ": "at+jwt", "kid": kid }).to_string(),
            &clock,
        );
        assert_eq!(
            refused(&verifier(&clock), &token).await,
            VerifyErrorKind::Malformed,
            "{kid}"
        );
    }
}

#[tokio::test]
async fn an_unknown_kid_is_tried_with_the_keys_that_have_no_name() {
    let clock = ManualClock::new();
    assert_passes(
        &verifier(&clock),
        &good(r#"{"alg":"HS256","typ":"at+jwt","kid":"any"}"#, &clock),
    )
    .await;
}

// requirement 50
#[tokio::test]
async fn a_name_that_stands_twice_in_the_header_is_refused() {
    let clock = ManualClock::new();
    for header in [
        r#"{"alg":"HS256","typ":"at+jwt","typ":"at+jwt"}"#,
        r#"{"alg":"none","alg":"HS256","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","alg":"none","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","typ":"at+jwt","kid":"a","kid":"b"}"#,
        r#"{"alg":"HS256","typ":"at+jwt","x":1,"x":1}"#,
        // Deep inside it counts too.
        r#"{"alg":"HS256","typ":"at+jwt","jwk":{"kty":"oct","kty":"EC"}}"#,
        r#"{"alg":"HS256","typ":"at+jwt","x":[[{"y":1,"y":1}]]}"#,
        // The same name, written in another way.
        r#"{"alg":"HS256","typ":"at+jwt","\u0061lg":"HS256"}"#,
    ] {
        assert_eq!(
            refused(&verifier(&clock), &good(header, &clock)).await,
            VerifyErrorKind::Malformed,
            "{header}"
        );
    }
}

#[tokio::test]
async fn a_header_that_is_no_object_is_refused() {
    let clock = ManualClock::new();
    for header in [
        "",
        "null",
        "[]",
        r#""HS256""#,
        "{",
        r#"{"alg":"HS256","typ":"at+jwt"}x"#,
        r#"{"typ":"at+jwt"}"#,
        "{}",
    ] {
        refused(&verifier(&clock), &good(header, &clock)).await;
    }
    refused(
        &verifier(&clock),
        &good(r#"{"alg":256,"typ":"at+jwt"}"#, &clock),
    )
    .await;
}

#[tokio::test]
async fn unknown_members_of_the_header_are_ignored() {
    let clock = ManualClock::new();
    assert_passes(
        &verifier(&clock),
        &good(
            r#"{"alg":"HS256","typ":"at+jwt","cty":"x","made_up":{"a":[1]}}"#,
            &clock,
        ),
    )
    .await;
}

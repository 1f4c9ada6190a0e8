//! The layer's responses to requests that do not pass (RFC 6750 section 3.1).

use std::time::Duration;

use http::Request;
use http::header::{AUTHORIZATION, HeaderValue};
use support::{MINUTE, ask, send, with_authorization, without_token};
use tower_bearer::test_util::TestTokens;
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, Grant, Identity, Secret, SigningKey};

fn protected() -> (TestTokens, BearerAuthLayer) {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    (tokens, layer)
}

// requirement 39
#[tokio::test]
async fn without_credentials_the_challenge_names_no_error() {
    let (_, layer) = protected();
    send(&layer, without_token()).await.assert_token_missing();
}

// requirement 39
#[tokio::test]
async fn another_scheme_is_no_credentials() {
    let (tokens, layer) = protected();
    let token = tokens.bearer("alice").replace("Bearer ", "");
    for other in [
        "Basic YWxpY2U6eA==",
        "Digest a=b",
        "Token abc",
        "DPoP abc",
        "BearerX abc",
        "",
        &token,
        &format!("Bearer{token}"),
    ] {
        ask(&layer, other).await.assert_token_missing();
    }
}

/// A token that is bound to a key comes as `DPoP` (RFC 9449 section 7.1). It is not a Bearer token,
/// whatever the layer knows of it.
#[tokio::test]
async fn a_good_token_as_dpop_is_no_bearer_token() {
    let (tokens, layer) = protected();
    let dpop = tokens.bearer("alice").replace("Bearer ", "DPoP ");
    for value in [&dpop, &dpop.replace("DPoP", "dpop")] {
        ask(&layer, value).await.assert_token_missing();
        ask(&layer.clone().optional(), value)
            .await
            .assert_passed("nobody");
    }
    // Beside a Bearer token it is a second header.
    let request = Request::builder()
        .header(AUTHORIZATION, &dpop)
        .header(AUTHORIZATION, tokens.bearer("alice"));
    send(&layer, request.body(String::new()).unwrap())
        .await
        .assert_refused(400, "invalid_request", "token_malformed");
}

// requirement 36
#[tokio::test]
async fn the_scheme_has_no_case() {
    let (tokens, layer) = protected();
    let token = tokens.bearer("alice").replace("Bearer ", "");
    for scheme in ["Bearer", "bearer", "BEARER", "bEARER"] {
        ask(&layer, &format!("{scheme} {token}"))
            .await
            .assert_passed("alice");
    }
    ask(&layer, &format!("Bearer   {token}"))
        .await
        .assert_passed("alice");
}

// requirement 36
#[tokio::test]
async fn a_header_that_holds_no_token68_is_malformed() {
    let (tokens, layer) = protected();
    let good = tokens.bearer("alice");
    let twice = format!("{good},{good}");
    let more = format!("{good} realm=x");
    let quoted = good.replace("Bearer ", "Bearer \"") + "\"";
    for value in [
        "Bearer",
        "Bearer ",
        "Bearer =",
        "Bearer a b",
        "Bearer a,b",
        "Bearer a=b",
        "Bearer %41",
        &twice,
        &more,
        &quoted,
    ] {
        ask(&layer, value)
            .await
            .assert_refused(400, "invalid_request", "token_malformed");
    }
}

/// The signature is checked first, and nothing reads what another one signed.
#[tokio::test]
async fn other_characters_in_the_payload_of_a_forged_token_are_not_looked_at() {
    let (tokens, layer) = protected();
    let good = tokens.bearer("alice");
    let (header, rest) = good.split_once('.').unwrap();
    for character in [",", "\"", "=", " ", "%"] {
        let forged = format!("{header}.{character}{rest}");
        ask(&layer, &forged)
            .await
            .assert_invalid_token("token_invalid");
    }
}

// requirement 42
#[tokio::test]
async fn a_header_that_is_no_text_is_malformed() {
    let (_, layer) = protected();
    for bytes in [
        &b"Bearer \xff\xfe"[..],
        b"Bearer abc\x80",
        b"Bearer \xc3\xa9",
    ] {
        let mut request = without_token();
        request
            .headers_mut()
            .insert(AUTHORIZATION, HeaderValue::from_bytes(bytes).unwrap());
        send(&layer, request)
            .await
            .assert_refused(400, "invalid_request", "token_malformed");
    }
    // Not even the scheme is there.
    let mut request = without_token();
    request.headers_mut().insert(
        AUTHORIZATION,
        HeaderValue::from_bytes(b"\xff\xfe abc").unwrap(),
    );
    send(&layer, request).await.assert_token_missing();
}

// requirement 38
#[tokio::test]
async fn two_authorization_headers_are_an_invalid_request() {
    let (tokens, layer) = protected();
    let good = tokens.bearer("alice");
    for (one, other) in [
        (&*good, &*good),
        (&good, "Basic YTpi"),
        ("Basic YTpi", &good),
        ("Basic YTpi", "Basic YTpi"),
        (&good, ""),
    ] {
        let request = Request::builder()
            .header(AUTHORIZATION, one)
            .header(AUTHORIZATION, other)
            .body(String::new())
            .unwrap();
        send(&layer, request)
            .await
            .assert_refused(400, "invalid_request", "token_malformed");
    }
}

// requirement 37
#[tokio::test]
async fn a_token_in_the_query_or_the_body_is_not_looked_at() {
    let (tokens, layer) = protected();
    let token = tokens.bearer("alice").replace("Bearer ", "");
    for builder in [
        Request::get(format!("/me?access_token={token}")),
        Request::post("/me").header("content-type", "application/x-www-form-urlencoded"),
        Request::get("/me").header("cookie", format!("access_token={token}")),
        Request::get("/me")
            .header("x-access-token", &token)
            .header("proxy-authorization", format!("Bearer {token}")),
    ] {
        send(
            &layer,
            builder.body(format!("access_token={token}")).unwrap(),
        )
        .await
        .assert_token_missing();
    }
    // Beside a good header it does no harm.
    let request = Request::get("/me?access_token=abc")
        .header(AUTHORIZATION, tokens.bearer("alice"))
        .body(String::new())
        .unwrap();
    send(&layer, request).await.assert_passed("alice");
}

// requirement 40
#[tokio::test]
async fn an_expired_token_is_told_from_an_invalid_one() {
    let (tokens, layer) = protected();
    let expired = ask(&layer, &tokens.expired_bearer("alice")).await;
    expired.assert_refused(401, "invalid_token", "token_expired");
    let invalid = ask(&layer, &TestTokens::new().bearer("alice")).await;
    invalid.assert_refused(401, "invalid_token", "token_invalid");
    for answer in [&expired, &invalid] {
        let description = answer.json()["error_description"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            answer
                .challenge()
                .unwrap()
                .contains(&format!("error_description=\"{description}\""))
        );
    }
    assert_ne!(
        expired.json()["error_description"],
        invalid.json()["error_description"]
    );
    assert!(expired.challenge().unwrap().contains("expired"));

    let living = tokens.bearer("alice");
    ask(&layer, &living).await.assert_passed("alice");
    tokens.clock().advance(Duration::from_secs(31 * 60));
    ask(&layer, &living)
        .await
        .assert_refused(401, "invalid_token", "token_expired");
}

// requirement 40
#[tokio::test]
async fn a_token_for_somebody_else_is_invalid() {
    let keys = SigningKey::hs256(&Secret::random().unwrap())
        .unwrap()
        .key_set();
    let elsewhere = |issuer, audience| {
        let key = SigningKey::from_jwk(
            r#"{"kty":"oct","k":"Vnc3cFEyc1g5ekw0bkI4bUsxY1I2dFkzaEo1ZkQwZ0E"}"#,
        )
        .unwrap();
        let verifier = AccessTokenVerifier::builder(key.key_set())
            .issuer("https://issuer.test")
            .audience("test")
            .build()
            .unwrap();
        let signer = AccessTokenSigner::new(issuer, audience, key).unwrap();
        let token = signer
            .sign(&Identity::new("alice"), &Grant::new(), MINUTE)
            .unwrap();
        (
            BearerAuthLayer::new(verifier),
            format!("Bearer {}", token.secret()),
        )
    };
    let (layer, good) = elsewhere("https://issuer.test", "test");
    ask(&layer, &good).await.assert_passed("alice");
    for (issuer, audience) in [
        ("https://issuer.test", "other"),
        ("https://other.test", "test"),
    ] {
        let (layer, token) = elsewhere(issuer, audience);
        ask(&layer, &token)
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
    }
    let others = BearerAuthLayer::new(
        AccessTokenVerifier::builder(keys)
            .issuer("https://issuer.test")
            .audience("test")
            .build()
            .unwrap(),
    );
    ask(&others, &good)
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

// requirement 40
#[tokio::test]
async fn a_token_that_is_no_jwt_is_invalid_and_no_server_error() {
    let (_, layer) = protected();
    let megabyte = format!("Bearer {}", "a".repeat(1_000_000));
    for value in [
        "Bearer abc",
        "Bearer a.b",
        "Bearer a.b.c.d.e",
        "Bearer ...",
        "Bearer ~",
        "Bearer abc==",
        &megabyte,
    ] {
        ask(&layer, value)
            .await
            .assert_refused(401, "invalid_token", "token_invalid");
    }
}

#[tokio::test]
async fn no_answer_repeats_what_was_sent() {
    let (tokens, layer) = protected();
    let layer = layer.require_scope("admin").with_realm("here").unwrap();
    let mark = "xXmarkXx";
    let marked = tokens.bearer(format!("{mark}-subject"));
    let (message, _) = marked.rsplit_once('.').unwrap();
    let claimed = message.split('.').nth(1).unwrap();
    for value in [
        format!("Bearer {mark}"),
        format!("Bearer {mark}."),
        format!("Bearer {mark} \"{mark}\""),
        format!("{mark} {mark}"),
        format!("Bearer {message}.AAAA"),
        tokens.expired_bearer(mark),
        marked.clone(),
    ] {
        let mut request = with_authorization(&value);
        *request.uri_mut() = format!("/{mark}?{mark}={mark}").parse().unwrap();
        request
            .headers_mut()
            .insert("host", HeaderValue::from_static("xXmarkXx.test"));
        request
            .headers_mut()
            .insert("x-forwarded-host", HeaderValue::from_static("xXmarkXx"));
        let answer = send(&layer, request).await;
        assert!((400..500).contains(&answer.status));
        let said = format!("{:?} {}", answer.headers, answer.body);
        assert!(!said.contains(mark) && !said.contains(claimed), "{said}");
    }
}

// requirement 39
#[tokio::test]
async fn a_realm_stands_first_in_every_challenge() {
    let (tokens, layer) = protected();
    let layer = layer.with_realm("the api").unwrap().require_scope("admin");
    let missing = send(&layer, without_token()).await;
    assert_eq!(
        (missing.status, missing.challenge()),
        (401, Some("Bearer realm=\"the api\""))
    );
    assert_eq!(missing.json()["error"], "unauthorized");
    for (value, status, error) in [
        ("Bearer".to_owned(), 400, "invalid_request"),
        ("Bearer a.b.c".to_owned(), 401, "invalid_token"),
        (tokens.bearer("alice"), 403, "insufficient_scope"),
    ] {
        let answer = ask(&layer, &value).await;
        let start = format!("Bearer realm=\"the api\", error=\"{error}\"");
        assert_eq!(answer.status, status);
        assert!(
            answer.challenge().unwrap().starts_with(&start),
            "{answer:?}"
        );
        assert_eq!(answer.json()["error"], error);
    }
}

#[test]
fn a_realm_that_would_break_the_header_is_refused() {
    for realm in ["a\"b", "a\\b", "a\nb", "a\rb", "caf\u{e9}", "\0"] {
        assert!(protected().1.with_realm(realm).is_err(), "{realm:?}");
    }
}

// requirement 40
#[tokio::test]
async fn a_bad_token_is_refused_in_optional_mode_too() {
    let (tokens, layer) = protected();
    let layer = layer.optional();
    send(&layer, without_token()).await.assert_passed("nobody");
    ask(&layer, "Basic YTpi").await.assert_passed("nobody");
    ask(&layer, &tokens.bearer("alice"))
        .await
        .assert_passed("alice");
    ask(&layer, "Bearer abc")
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    ask(&layer, &tokens.expired_bearer("alice"))
        .await
        .assert_refused(401, "invalid_token", "token_expired");
    ask(&layer, "Bearer")
        .await
        .assert_refused(400, "invalid_request", "token_malformed");
    let good = tokens.bearer("alice");
    let two = Request::builder()
        .header(AUTHORIZATION, &good)
        .header(AUTHORIZATION, good)
        .body(String::new())
        .unwrap();
    send(&layer, two)
        .await
        .assert_refused(400, "invalid_request", "token_malformed");
}

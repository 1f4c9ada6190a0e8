//! Refusals that the application makes itself, in the layer's words; and what no closure can lose.

mod extractors;
mod ready;

use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use support::{Received, ask, send, without_token};
use tower_bearer::bearer::BearerErrorKind;
use tower_bearer::test_util::TestTokens;
use tower_bearer::token::VerifyError;
use tower_bearer::{BearerAuthLayer, BearerError, Scope};

const KINDS: [BearerErrorKind; 12] = [
    BearerErrorKind::MissingToken,
    BearerErrorKind::MalformedToken,
    BearerErrorKind::TokenTooLarge,
    BearerErrorKind::InvalidToken,
    BearerErrorKind::TokenExpired,
    BearerErrorKind::ProofNeeded,
    BearerErrorKind::SessionRevoked,
    BearerErrorKind::UserGone,
    BearerErrorKind::InsufficientScope,
    BearerErrorKind::Denied,
    BearerErrorKind::Unavailable,
    BearerErrorKind::Misconfigured,
];

fn challenges(error: &BearerError) -> Vec<String> {
    error
        .challenges()
        .map(|challenge| challenge.to_str().unwrap().to_owned())
        .collect()
}

async fn received(response: Response<Bytes>) -> Received {
    Received::of(response.map(http_body_util::Full::new)).await
}

#[tokio::test]
async fn an_application_can_make_an_error_of_each_kind() {
    for kind in KINDS {
        let error = BearerError::from(kind);
        assert_eq!(error.kind(), kind);
        let is_fault = matches!(
            kind,
            BearerErrorKind::Unavailable | BearerErrorKind::Misconfigured
        );
        assert_eq!(error.is_refusal(), !is_fault, "{kind:?}");
        assert_eq!(error.reason().is_none(), is_fault, "{kind:?}");
        let response = received(error.to_response()).await;
        assert_eq!(response.status, error.status().as_u16());
        assert_eq!(response.headers[CACHE_CONTROL], "no-store");
        assert_eq!(
            response.headers.contains_key(RETRY_AFTER),
            kind == BearerErrorKind::Unavailable
        );
        assert_eq!(response.json()["reason"].as_str(), error.reason());
        assert_eq!(response.json()["error_description"], error.description());
        assert_eq!(
            response.challenge().map(str::to_owned),
            challenges(&error).pop()
        );
        // RFC 9110 section 15.5.2.
        assert!(
            response.status != 401 || response.challenge().is_some(),
            "{kind:?}"
        );
    }
}

#[test]
fn each_constructor_says_what_it_is_for() {
    let missing = BearerError::missing_token();
    assert_eq!(
        (missing.status(), challenges(&missing)),
        (StatusCode::UNAUTHORIZED, vec!["Bearer".to_owned()])
    );
    let invalid = BearerError::invalid_token();
    assert_eq!(
        (invalid.status(), invalid.reason()),
        (StatusCode::UNAUTHORIZED, Some("token_invalid"))
    );
    for scope in [
        BearerError::insufficient_scope("a b"),
        BearerError::insufficient_scope("a b".parse::<Scope>().unwrap()),
    ] {
        assert_eq!(
            (scope.status(), scope.reason()),
            (StatusCode::FORBIDDEN, Some("scope_missing"))
        );
        assert!(
            challenges(&scope)[0].ends_with(", scope=\"a b\""),
            "{scope:?}"
        );
    }
    let down = BearerError::unavailable("db-7 is down");
    assert_eq!(
        (down.status(), challenges(&down).len()),
        (StatusCode::SERVICE_UNAVAILABLE, 0)
    );
    assert_eq!(
        std::error::Error::source(&down).unwrap().to_string(),
        "db-7 is down"
    );
    let wrong = BearerError::misconfigured("turn it off and on");
    assert_eq!(
        (wrong.status(), wrong.to_string()),
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "turn it off and on".to_owned()
        )
    );
    assert_eq!(wrong.description(), "the server is misconfigured");
}

#[tokio::test]
async fn a_denial_has_a_reason_and_a_status_of_its_own() {
    let denied = BearerError::denied("email_unverified");
    let response = received(denied.to_response()).await;
    assert_eq!((response.status, response.challenge()), (403, None));
    let body = response.json();
    assert_eq!(
        (&body["error"], &body["reason"]),
        (&"access_denied".into(), &"email_unverified".into())
    );

    let paid = BearerError::denied("payment_required").with_status(StatusCode::PAYMENT_REQUIRED);
    assert_eq!(
        (paid.status(), paid.is_refusal()),
        (StatusCode::PAYMENT_REQUIRED, true)
    );
    let busy = BearerError::denied("too_many").with_status(StatusCode::TOO_MANY_REQUESTS);
    let busy = received(
        busy.with_retry_after(Duration::from_millis(1001))
            .to_response(),
    )
    .await;
    assert_eq!(
        (busy.status, &busy.headers[RETRY_AFTER]),
        (429, &HeaderValue::from_static("2"))
    );
    // 401 has a challenge (RFC 9110 section 15.5.2), and RFC 6750 has no word for this one.
    let again = BearerError::denied("password_too_old").with_status(StatusCode::UNAUTHORIZED);
    assert_eq!(challenges(&again), ["Bearer"]);
    let fault =
        BearerError::denied("closed_for_today").with_status(StatusCode::SERVICE_UNAVAILABLE);
    assert!(!fault.is_refusal());
    let reason = String::from("at_run_time");
    assert_eq!(BearerError::denied(reason).reason(), Some("at_run_time"));
}

#[test]
fn a_status_that_says_all_is_well_is_403() {
    for status in [200, 204, 302, 399] {
        let error = BearerError::denied("no").with_status(StatusCode::from_u16(status).unwrap());
        assert_eq!(error.status(), StatusCode::FORBIDDEN, "{status}");
    }
    // The others have theirs from RFC 6750.
    let status = BearerError::invalid_token()
        .with_status(StatusCode::IM_A_TEAPOT)
        .status();
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_description_that_would_break_the_challenge_stays_in_the_body() {
    for odd in ["say \"friend\"", "a\\b", "caf\u{e9}", "a\r\nb: c"] {
        let error = BearerError::invalid_token().with_description(odd);
        assert_eq!(
            challenges(&error),
            ["Bearer error=\"invalid_token\""],
            "{odd:?}"
        );
        assert_eq!(
            received(error.to_response()).await.json()["error_description"],
            odd
        );
    }
    let plain = BearerError::invalid_token().with_description("come back");
    assert_eq!(
        challenges(&plain),
        ["Bearer error=\"invalid_token\", error_description=\"come back\""]
    );
    // The cure is for the log alone.
    let wrong = BearerError::misconfigured("the cure").with_description("seen by clients");
    assert_eq!(
        (wrong.description(), wrong.to_string()),
        ("the server is misconfigured", "the cure".to_owned())
    );
}

/// The closure of an application, which forgets everything.
fn bare(error: &BearerError, request: &Parts) -> Response<Bytes> {
    let text = format!(
        "{} at {}",
        error.reason().unwrap_or("-"),
        request.uri.path()
    );
    let mut response = Response::new(Bytes::from(text));
    *response.status_mut() = error.status();
    response
}

// requirement 52
#[tokio::test]
async fn a_closure_cannot_lose_what_makes_a_refusal_one() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .with_realm("api")
        .unwrap()
        .with_rejection(bare);
    let missing = send(&layer, without_token()).await;
    assert_eq!(
        (missing.status, missing.challenge()),
        (401, Some("Bearer realm=\"api\""))
    );
    assert_eq!(
        (&*missing.body, &missing.headers[CACHE_CONTROL]),
        ("token_missing at /", &HeaderValue::from_static("no-store"))
    );
    let layer = layer.require(|_| Err(BearerError::unavailable("down").into()));
    let down = ask(&layer, &tokens.bearer("alice")).await;
    assert_eq!(
        (down.status, down.challenge(), &down.headers[RETRY_AFTER]),
        (503, None, &HeaderValue::from_static("1"))
    );
}

#[tokio::test]
async fn what_a_closure_says_itself_stays() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).with_rejection(|error, request| {
        let mut response = bare(error, request);
        let headers = response.headers_mut();
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Basic"));
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        response
    });
    let layer = layer.require(|_| Err(BearerError::unavailable("down").into()));
    let missing = send(&layer, without_token()).await;
    assert_eq!(missing.status, 401);
    assert_eq!(
        missing
            .headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .collect::<Vec<_>>(),
        ["Basic", "Bearer"]
    );
    let down = ask(&layer, &tokens.bearer("alice")).await;
    assert_eq!(
        (down.status, &down.headers[RETRY_AFTER]),
        (503, &HeaderValue::from_static("7"))
    );
    assert_eq!(
        down.headers
            .get_all(CACHE_CONTROL)
            .iter()
            .collect::<Vec<_>>(),
        ["private, no-store"]
    );
}

/// Programs can tell the reasons apart, where the client learns one word for all of them.
#[tokio::test]
async fn the_closure_sees_why_a_token_was_refused() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).with_rejection(|error, _| {
        let kind = error.verify_error().map(VerifyError::kind);
        let mut response = Response::new(Bytes::from(format!("{kind:?}")));
        *response.status_mut() = error.status();
        response
    });
    for (authorization, kind) in [
        ("Bearer opaque".to_owned(), "Some(Opaque)"),
        ("Bearer a.b.c.d.e".to_owned(), "Some(Encrypted)"),
        (tokens.expired_bearer("alice"), "Some(Expired)"),
        ("Bearer".to_owned(), "None"),
    ] {
        let answer = ask(&layer, &authorization).await;
        assert_eq!(answer.body, kind, "{authorization}");
        assert!(answer.challenge().is_some(), "{answer:?}");
    }
    let answer = send(&layer, without_token()).await;
    assert_eq!((answer.status, &*answer.body), (401, "None"));
    assert_eq!(answer.challenge(), Some("Bearer"));
}

//! The refusals of the token endpoint: the errors of RFC 6749, and those of every endpoint.

use axum::body::Body;
use http::Request;
use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use serde_json::json;
use support::{Login, Question, signed_in};

use super::{PASSWORD, assert_refused, refresh};

#[tokio::test]
async fn errors_are_those_of_rfc_6749() {
    let login = Login::new();
    for (parameters, error, reason) in [
        (
            &[("grant_type", "password"), ("username", "alice")][..],
            "invalid_request",
            None,
        ),
        (
            &[("grant_type", "password"), ("password", "x")],
            "invalid_request",
            None,
        ),
        (
            &[
                ("grant_type", "password"),
                ("username", "alice"),
                ("password", ""),
            ],
            "invalid_request",
            None,
        ),
        (&[("grant_type", "refresh_token")], "invalid_request", None),
        (
            &[("grant_type", "refresh_token"), ("refresh_token", "")],
            "invalid_request",
            None,
        ),
        (
            &[
                ("grant_type", "password"),
                ("username", "alice"),
                ("password", "x"),
            ],
            "invalid_grant",
            Some("credentials_invalid"),
        ),
        (
            &[
                ("grant_type", "password"),
                ("username", "eve"),
                ("password", "x"),
            ],
            "invalid_grant",
            Some("credentials_invalid"),
        ),
    ] {
        assert_refused(&login.post("/token", parameters).await, 400, error, reason);
    }
    let garbage = login.post("/token", &refresh("abc")).await;
    assert_eq!(
        (garbage.status, &garbage.json()["error"]),
        (400, &json!("invalid_grant"))
    );
    assert!(!garbage.headers.contains_key(WWW_AUTHENTICATE));
    // The same response as at `/refresh`.
    assert_eq!(garbage, login.refresh("abc").await);
}

#[tokio::test]
async fn the_address_the_method_and_the_body_are_checked_as_everywhere() {
    let login = Login::new();
    assert_refused(
        &login.post("/token?grant_type=password", &PASSWORD).await,
        400,
        "invalid_request",
        None,
    );
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let answer = login.send(signed_in(method, "/token", "abc")).await;
        assert_refused(&answer, 405, "invalid_request", None);
        assert_eq!(answer.headers[ALLOW], "POST");
    }
    let text = Request::post("/token")
        .header(CONTENT_TYPE, "text/plain")
        .body(Body::from("grant_type=password"))
        .unwrap();
    assert_refused(&login.send(text).await, 415, "invalid_request", None);
    let long = "x".repeat(8192);
    assert_refused(
        &login.post("/token", &[("grant_type", &long)]).await,
        413,
        "invalid_request",
        None,
    );
    for path in ["/token/", "/token/x", "/Token", "/tokens"] {
        assert_refused(
            &login.post(path, &PASSWORD).await,
            404,
            "invalid_request",
            None,
        );
    }
}

#[tokio::test]
async fn users_who_cannot_be_asked_are_503() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    login.accounts.set_down(Some(Question::Authenticate));
    login.post("/token", &PASSWORD).await.assert_unavailable();
    login.accounts.set_down(Some(Question::Authorize));
    login
        .post("/token", &refresh(&tokens.refresh))
        .await
        .assert_unavailable();
    login.accounts.set_down(None);
    login
        .post("/token", &refresh(&tokens.refresh))
        .await
        .tokens();
}

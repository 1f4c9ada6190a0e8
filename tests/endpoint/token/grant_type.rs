//! The parameter `grant_type`: missing, repeated, or of another grant.

use axum::body::Body;
use http::Request;
use serde_json::json;
use support::{Login, json_request};

use super::{PASSWORD, assert_refused, refresh};

#[tokio::test]
async fn without_a_grant_type_it_is_an_invalid_request() {
    let login = Login::new();
    let tokens = login.log_in("alice").await;
    for parameters in [
        &PASSWORD[1..],
        &refresh(&tokens.refresh)[1..],
        &[],
        &[("grant_type", "")],
    ] {
        assert_refused(
            &login.post("/token", parameters).await,
            400,
            "invalid_request",
            None,
        );
    }
    let empty = [&PASSWORD[1..], &[("grant_type", "")]].concat();
    assert_refused(
        &login.post("/token", &empty).await,
        400,
        "invalid_request",
        None,
    );
    for body in [
        json!({}),
        json!({ "grant_type": null }),
        json!({ "grant_type": 1 }),
        json!({ "grant_type": ["password"] }),
    ] {
        assert_refused(
            &login.send(json_request("/token", &body)).await,
            400,
            "invalid_request",
            None,
        );
    }
    let nothing = Request::post("/token").body(Body::empty()).unwrap();
    assert_refused(&login.send(nothing).await, 400, "invalid_request", None);
    // The refresh token was not used up by any of them.
    login.refresh(&tokens.refresh).await.tokens();
}

#[tokio::test]
async fn a_grant_type_that_stands_twice_is_an_invalid_request() {
    let login = Login::new();
    for second in ["password", "refresh_token", ""] {
        let twice = [&PASSWORD[..], &[("grant_type", second)]].concat();
        assert_refused(
            &login.post("/token", &twice).await,
            400,
            "invalid_request",
            None,
        );
    }
}

#[tokio::test]
async fn another_grant_is_not_supported() {
    let login = Login::new();
    for other in [
        "authorization_code",
        "client_credentials",
        "implicit",
        "Password",
        "password ",
        " password",
        "passwords",
        "REFRESH_TOKEN",
        "refresh-token",
        "password refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
    ] {
        let parameters = [&[("grant_type", other)], &PASSWORD[1..]].concat();
        assert_refused(
            &login.post("/token", &parameters).await,
            400,
            "unsupported_grant_type",
            None,
        );
    }
}

//! An application whose users log in elsewhere: everything except the login.

use std::convert::Infallible;

use axum::body::Body;
use http::Request;
use serde_json::json;
use support::{MINUTE, Received, form, json_request, log_in, log_in_form, signed_in};
use tower::ServiceExt;
use tower_bearer::endpoint::EndpointErrorKind;
use tower_bearer::endpoint::ServerMetadataEndpoint;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, Grant, MemoryStore, NoCredentials, Sessions,
    TokenResponse,
};

struct Elsewhere;

impl Authenticate for Elsewhere {
    type Credentials = NoCredentials;
    type Error = Infallible;

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok(Grant::new().into())
    }
}

fn sessions() -> (TestTokens, Sessions) {
    let tokens = TestTokens::new();
    let sessions = tokens
        .sessions(Elsewhere, MemoryStore::new())
        .build()
        .unwrap();
    (tokens, sessions)
}

async fn send(sessions: &Sessions, request: Request<Body>) -> Received {
    let answer = Received::read(sessions.endpoints().oneshot(request)).await;
    answer.assert_not_stored();
    answer
}

fn refresh_token(tokens: &TokenResponse) -> &str {
    tokens.refresh_token().unwrap().secret()
}

#[tokio::test]
async fn there_is_no_login() {
    let (_, sessions) = sessions();
    let get = Request::get("/login").body(Body::empty()).unwrap();
    for request in [
        log_in_form(),
        form("/login", &[]),
        form("/reauthenticate", &[("username", "alice")]),
        json_request("/login", &json!({ "username": "alice" })),
        get,
    ] {
        send(&sessions, request)
            .await
            .assert_error(404, "invalid_request", None);
    }
    let endpoints = sessions.endpoints().with_rejection(|error, _| {
        assert_eq!(error.kind(), EndpointErrorKind::NotFound);
        error.to_response()
    });
    assert_eq!(
        Received::read(endpoints.oneshot(log_in_form()))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn the_password_grant_is_not_supported() {
    let (_, sessions) = sessions();
    for more in [
        &[][..],
        &[("username", "alice"), ("password", "wonderland-7")],
    ] {
        let parameters = [&[("grant_type", "password")], more].concat();
        send(&sessions, form("/token", &parameters))
            .await
            .assert_error(400, "unsupported_grant_type", None);
    }
    assert!(sessions.list(&"alice".into()).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_metadata_name_only_the_refresh() {
    let (_, sessions) = sessions();
    let metadata = ServerMetadataEndpoint::new(&sessions, "https://api.example.com/auth").unwrap();
    let document = Received::read(metadata.oneshot(Request::get("/").body(Body::empty()).unwrap()))
        .await
        .json();
    assert_eq!(document["grant_types_supported"], json!(["refresh_token"]));
    assert_eq!(
        document["token_endpoint"],
        "https://api.example.com/auth/token"
    );
    assert!(!document.to_string().contains("password"));
}

#[tokio::test]
async fn whoever_was_logged_in_elsewhere_refreshes_lists_and_logs_out() {
    let (tokens, sessions) = sessions();
    let first = log_in(&sessions, "alice").await;
    tokens.clock().advance(MINUTE);
    let second = send(
        &sessions,
        form("/refresh", &[("refresh_token", refresh_token(&first))]),
    )
    .await
    .tokens();
    tokens.clock().advance(MINUTE);
    let parameters = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &*second.refresh),
    ];
    let third = send(&sessions, form("/token", &parameters)).await.tokens();
    let listed = send(&sessions, signed_in("GET", "/sessions", &third.access))
        .await
        .json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(
        send(&sessions, form("/logout", &[("token", &third.refresh)]))
            .await
            .status,
        200
    );
    let refused = send(
        &sessions,
        form("/refresh", &[("refresh_token", &third.refresh)]),
    )
    .await;
    refused.assert_invalid_grant("session_revoked");
}

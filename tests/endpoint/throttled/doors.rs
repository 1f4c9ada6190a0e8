//! Every door counts together: `/login`, `/token`, and a handler of the application's own.

use std::time::Duration;

use http::StatusCode;
use support::{App, with_header};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::{Login, MemoryStore, PasswordCredentials, SessionError};

use super::{assert_throttled, attempt, login};

#[tokio::test]
async fn login_and_token_endpoint_count_together() {
    let app = App::new();
    let token = |password| {
        let grant = ("grant_type", "password");
        let fields = [grant, ("username", "alice"), ("password", password)];
        attempt("/token", &fields, "203.0.113.7")
    };
    for _ in 0..3 {
        app.send(login("alice", "guessed", "203.0.113.7")).await;
    }
    for _ in 0..2 {
        let answer = app.send(token("guessed")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    assert_throttled(&app.send(token("guessed")).await);
    assert_throttled(&app.send(login("alice", "guessed", "203.0.113.7")).await);
}

/// A login in the application's own handler.
async fn own_login(app: &App, password: &str) -> Result<(), SessionError> {
    let request = login("alice", password, "203.0.113.7");
    let (parts, body) = request.into_parts();
    let endpoints = app.endpoints();
    let read = endpoints.read_login::<PasswordCredentials, _>(&parts, body);
    let login = read.await.unwrap();
    let attempt = app
        .sessions
        .attempt(login.username(), login.context())
        .await?;
    if login.password() != "wonderland-7" {
        attempt.failed();
        return Err(SessionError::invalid_credentials());
    }
    let identity = tower_bearer::Identity::new("alice").with_login(&login);
    let mark = attempt.succeeded(identity.subject()).await?;
    let tokens = app.sessions.start(identity.with_device_mark(mark)).await?;
    assert!(tokens.device_mark().is_some());
    Ok(())
}

#[tokio::test]
async fn a_handler_of_the_applications_own_counts_with_them() {
    let app = App::new();
    own_login(&app, "wonderland-7").await.unwrap();
    for _ in 0..5 {
        let error = own_login(&app, "guessed").await.unwrap_err();
        assert_eq!(error.kind(), SessionErrorKind::InvalidCredentials);
    }
    let error = own_login(&app, "wonderland-7").await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::TooManyAttempts);
    assert_eq!(error.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(error.is_refusal() && error.retry_after() > Some(Duration::ZERO));
    assert_throttled(&app.send(login("alice", "guessed", "203.0.113.7")).await);
}

#[tokio::test]
async fn what_is_dropped_failed_and_what_is_unfinished_is_given_back() {
    let app = App::new();
    let context = tower_bearer::session::RequestContext::from(
        login("alice", "", "203.0.113.7").into_parts().0,
    );
    for _ in 0..50 {
        let attempt = app.sessions.attempt("alice", &context).await.unwrap();
        attempt.unfinished().await.unwrap();
        let attempt = app.sessions.attempt("alice", &context).await.unwrap();
        attempt.unavailable().await.unwrap();
    }
    for _ in 0..5 {
        drop(app.sessions.attempt("alice", &context).await.unwrap());
    }
    let error = app.sessions.attempt("alice", &context).await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::TooManyAttempts);
}

#[tokio::test]
async fn behind_a_proxy_that_is_named_its_clients_count_and_no_other_header() {
    let app = App::built(MemoryStore::new(), |sessions| {
        sessions.trusted_proxies(["10.0.0.0/8"])
    });
    let behind = |client: &str, proxy: &str| {
        with_header(login("alice", "guessed", proxy), "x-forwarded-for", client)
    };
    for _ in 0..5 {
        let answer = app.send(behind("203.0.113.7", "10.0.0.1")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    assert_throttled(&app.send(behind("203.0.113.7", "10.0.0.1")).await);
    let answer = app.send(behind("198.51.100.9", "10.0.0.1")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    // A client that is not a proxy of ours does not choose its address.
    for client in 0..5 {
        let answer = app
            .send(behind(&format!("192.0.2.{client}"), "203.0.113.8"))
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    assert_throttled(&app.send(behind("192.0.2.99", "203.0.113.8")).await);
}

#[tokio::test]
async fn a_login_without_a_request_is_bounded_too() {
    let app = App::new();
    let wrong = || Login::new(PasswordCredentials::new("alice", "guessed"));
    let mut judged = 0;
    let error = loop {
        let error = app.sessions.log_in(wrong()).await.unwrap_err();
        if error.kind() != SessionErrorKind::InvalidCredentials {
            break error;
        }
        judged += 1;
    };
    assert_eq!(error.kind(), SessionErrorKind::TooManyAttempts);
    assert_eq!(judged, 30);
}

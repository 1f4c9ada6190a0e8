//! Which errors refuse the client, and which say that the server is at fault.

use std::sync::{Arc, Mutex};

use support::{App, HOUR, MINUTE, StoreFault, bearer, form, log_in_form};
use tower::ServiceExt;
use tower_bearer::keys::RefreshToken;
use tower_bearer::session::{Refresh, SessionErrorKind};
use tower_bearer::{
    Authorization, Grant, Identity, Login, PasswordCredentials, SessionError, TokenResponse,
};

fn refresh_token(tokens: &TokenResponse) -> RefreshToken {
    tokens.refresh_token().unwrap().clone()
}

/// The error that an endpoint shows to the application's closure.
async fn shown(app: &App, request: http::Request<axum::body::Body>) -> SessionError {
    let seen = Arc::new(Mutex::new(None));
    let shown = Arc::clone(&seen);
    let endpoints = app.endpoints().with_rejection(move |error, _| {
        *shown.lock().unwrap() = error.session_error().cloned();
        error.to_response()
    });
    endpoints.oneshot(request).await.unwrap();
    let error = seen.lock().unwrap().take();
    error.expect("a refusal")
}

/// The client is refused, with a status from 400 to 499.
#[track_caller]
fn assert_refuses(error: &SessionError, kind: SessionErrorKind) {
    assert_eq!((error.kind(), error.is_refusal()), (kind, true));
    assert!(error.status().is_client_error(), "{error:?}");
}

/// The server is at fault.
#[track_caller]
fn assert_fails(error: &SessionError, kind: SessionErrorKind) {
    assert_eq!(
        (error.kind(), error.is_refusal(), error.reason()),
        (kind, false, None)
    );
    assert!(error.status().is_server_error(), "{error:?}");
}

#[tokio::test]
async fn what_is_wrong_with_the_request_refuses_it() {
    let app = App::new();
    assert_refuses(
        &SessionError::invalid_credentials(),
        SessionErrorKind::InvalidCredentials,
    );
    assert_refuses(&SessionError::denied("unpaid"), SessionErrorKind::Denied);
    let key = Refresh::new(RefreshToken::new("rt1_x"))
        .with_idempotency_key("")
        .unwrap_err();
    assert_refuses(&key, SessionErrorKind::InvalidRequest);
    let wrong = Login::new(PasswordCredentials::new("alice", "guessed"));
    assert_refuses(
        &app.sessions.log_in(wrong).await.unwrap_err(),
        SessionErrorKind::InvalidCredentials,
    );
    assert_refuses(
        &shown(&app, form("/login", &[])).await,
        SessionErrorKind::InvalidRequest,
    );
    let grant = form("/token", &[("grant_type", "client_credentials")]);
    assert_refuses(
        &shown(&app, grant).await,
        SessionErrorKind::UnsupportedGrantType,
    );
    let nonsense = app
        .sessions
        .refresh(RefreshToken::new("rt1_nonsense"))
        .await
        .unwrap_err();
    assert_refuses(&nonsense, SessionErrorKind::InvalidToken);
    let tokens = app.sessions.start(Identity::new("alice")).await.unwrap();
    let token = refresh_token(&tokens);
    let odd = [("refresh_token", token.secret()), ("scope", "a\"b")];
    assert_refuses(
        &shown(&app, form("/refresh", &odd)).await,
        SessionErrorKind::InvalidScope,
    );
}

#[tokio::test]
async fn what_is_over_with_a_session_refuses_it() {
    let app = App::new();
    let start = || app.sessions.start(Identity::new("alice"));
    let refresh = |tokens: &TokenResponse| app.sessions.refresh(refresh_token(tokens));

    let expired = start().await.unwrap();
    app.clock.advance(8 * 24 * HOUR);
    assert_refuses(
        &refresh(&expired).await.unwrap_err(),
        SessionErrorKind::SessionExpired,
    );

    let revoked = start().await.unwrap();
    app.sessions
        .log_out(revoked.access_token().secret())
        .await
        .unwrap();
    assert_refuses(
        &refresh(&revoked).await.unwrap_err(),
        SessionErrorKind::SessionRevoked,
    );

    let reused = start().await.unwrap();
    let next = refresh(&reused).await.unwrap();
    app.me(next.access_token().secret())
        .await
        .assert_passed("alice");
    app.sessions.flush().await.unwrap();
    app.clock.advance(MINUTE);
    assert_refuses(
        &refresh(&reused).await.unwrap_err(),
        SessionErrorKind::RefreshTokenReused,
    );

    let gone = start().await.unwrap();
    app.users.authorize_as(|_| Ok(Authorization::gone()));
    assert_refuses(
        &refresh(&gone).await.unwrap_err(),
        SessionErrorKind::UserGone,
    );
}

/// The application decides on the status, and the client is refused whatever it is.
#[tokio::test]
async fn a_denial_refuses_whatever_its_status() {
    let app = App::new();
    app.users.authorize_as(|_| {
        Ok(
            Authorization::not_now("maintenance")
                .with_status(http::StatusCode::SERVICE_UNAVAILABLE),
        )
    });
    let error = app
        .sessions
        .start(Identity::new("alice"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.is_refusal(), error.status().as_u16()),
        (SessionErrorKind::Denied, true, 503)
    );
}

#[tokio::test]
async fn what_is_wrong_with_the_server_refuses_nobody() {
    let app = App::new();
    assert_fails(
        &SessionError::unavailable("down"),
        SessionErrorKind::Unavailable,
    );
    app.users
        .authorize_as(|_| Err("the users cannot be asked".into()));
    assert_fails(
        &app.sessions
            .start(Identity::new("alice"))
            .await
            .unwrap_err(),
        SessionErrorKind::Unavailable,
    );
    app.users.grant(Grant::new().with_claim("iss", "mallory"));
    assert_fails(
        &app.sessions
            .start(Identity::new("alice"))
            .await
            .unwrap_err(),
        SessionErrorKind::Misconfigured,
    );
    app.users.grant(Grant::new());
    app.store.set_fault(Some(StoreFault::All));
    let error = shown(&app, log_in_form()).await;
    assert_fails(&error, SessionErrorKind::Unavailable);
    let out = app.sessions.log_out(bearer("x").as_str()).await;
    // A value that is not a token belongs to no session, so the store is not asked.
    assert!(!out.unwrap().any());
}

//! What the client makes of an answer that an application has shaped.

use std::time::{Duration, Instant};

use http::StatusCode;
use support::{HOUR, MINUTE};
use tower::service_fn;
use tower_bearer::Sessions;
use tower_bearer::session::{SessionError, SessionErrorKind};
use tower_bearer_client::{ClientErrorKind, Login, ManualClock, Server};

use crate::world::{Fault, LOGIN, ORIGIN, REFRESH, World};

/// A client of endpoints with 401 in place of 400.
async fn login_over_401(sessions: Sessions, clock: ManualClock) -> Login {
    let kinds = [
        SessionErrorKind::InvalidCredentials,
        SessionErrorKind::SessionRevoked,
        SessionErrorKind::SessionExpired,
        SessionErrorKind::RefreshTokenReused,
    ];
    let endpoints = sessions.endpoints().with_path("/auth");
    let endpoints = kinds.into_iter().fold(endpoints, |endpoints, kind| {
        endpoints.with_status(kind, StatusCode::UNAUTHORIZED)
    });
    let http = service_fn(move |request| tower::ServiceExt::oneshot(endpoints.clone(), request));
    let builder = Login::builder(Server::new(ORIGIN, "/auth").unwrap());
    builder.clock(clock).open(http).await.unwrap()
}

#[tokio::test]
async fn a_refused_refresh_token_is_the_end_with_401_too() {
    let (server, clock) = (support::Login::new(), ManualClock::new());
    let login = login_over_401(server.sessions.clone(), clock.clone()).await;
    let wrong = login.log_in("alice", "hatter-7").await.unwrap_err();
    assert_eq!(wrong.kind(), ClientErrorKind::InvalidCredentials);
    login.log_in("alice", "wonderland-7").await.unwrap();
    let alice = "alice".into();
    server.sessions.log_out_everywhere(&alice).await.unwrap();
    clock.advance(HOUR);
    let ended = login.authorization().await.unwrap_err();
    assert_eq!(ended.kind(), ClientErrorKind::NotLoggedIn);
    assert_eq!(ended.reason(), Some("session_revoked"));
    assert!(!login.is_logged_in());
}

#[tokio::test]
async fn a_reason_may_have_digits_and_be_as_long_as_the_server_allows() {
    let world = World::new().await;
    let long = "a1_".repeat(21) + "b";
    for (sent, heard) in [
        ("2fa_required", "2fa_required"),
        (&long, &long),
        (&(long.clone() + "c"), "access_denied"),
        ("Not a reason", "access_denied"),
        ("part1_paid", "part1_paid"),
    ] {
        let body = format!(r#"{{"error":"access_denied","reason":"{sent}"}}"#).leak();
        world.line.faults(LOGIN, [Fault::Respond(403, None, body)]);
        let denied = world.login.log_in("alice", "wonderland-7").await;
        let denied = denied.unwrap_err();
        assert_eq!(denied.kind(), ClientErrorKind::Denied);
        assert_eq!(denied.reason(), Some(heard));
    }
}

#[tokio::test]
async fn a_reason_that_repeats_a_secret_of_the_request_is_not_shown() {
    let world = World::new().await;
    let user = [("username", "alice"), ("password", "open_sesame")];
    for (name, code) in [("password", "123"), ("code", "123456"), ("code", "1")] {
        world.line.faults(LOGIN, [Fault::Repeat(name)]);
        let parameters = [user[0], user[1], ("code", code)];
        let refused = world.login.log_in_with(&parameters).await.unwrap_err();
        assert_eq!(refused.reason(), Some("invalid_grant"), "{name}");
    }
    // A word that has a short code in it is a reason all the same, and a long password is not.
    for (reason, heard) in [("code_1", "code_1"), ("not_open_sesame", "access_denied")] {
        let body = format!(r#"{{"error":"access_denied","reason":"{reason}"}}"#).leak();
        world.line.faults(LOGIN, [Fault::Respond(403, None, body)]);
        let parameters = [user[0], user[1], ("code", "1")];
        let denied = world.login.log_in_with(&parameters).await.unwrap_err();
        assert_eq!(denied.reason(), Some(heard));
    }
    for name in ["refresh_token", "idempotency-key"] {
        let world = World::new().await;
        world.pass(30 * MINUTE);
        world.line.faults(REFRESH, [Fault::Repeat(name)]);
        let refused = world.me().await.unwrap_err();
        assert_eq!(refused.kind(), ClientErrorKind::NotLoggedIn);
        assert_eq!(refused.reason(), Some("invalid_grant"), "{name}");
    }
}

#[tokio::test]
async fn a_member_that_is_not_a_text_does_not_hide_the_other_one() {
    for body in [
        r#"{"error":"invalid_grant","reason":null}"#,
        r#"{"reason":7,"error":"invalid_grant"}"#,
        r#"{"error":"invalid_grant","reason":{"of":["it"]},"error_description":null}"#,
    ] {
        let world = World::new().await;
        world.line.faults(LOGIN, [Fault::Respond(400, None, body)]);
        let refused = world.login.log_in("alice", "wonderland-7").await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), ClientErrorKind::InvalidCredentials);
        assert_eq!(refused.reason(), Some("invalid_grant"), "{body}");
        world.pass(30 * MINUTE);
        let ends = Fault::Respond(400, None, body);
        world.line.faults(REFRESH, [ends]);
        let ended = world.me().await.unwrap_err();
        assert_eq!(ended.kind(), ClientErrorKind::NotLoggedIn, "{body}");
        assert_eq!(ended.reason(), Some("invalid_grant"));
        assert!(!world.login.is_logged_in());
    }
    let world = World::new().await;
    let odd = Fault::Respond(400, None, r#"{"error":null,"reason":"not_paid"}"#);
    world.line.faults(LOGIN, [odd]);
    let refused = world.login.log_in("alice", "wonderland-7").await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::Unavailable);
    assert_eq!(refused.reason(), Some("not_paid"));
}

#[test]
fn the_server_sends_no_reason_that_the_client_does_not_read() {
    let longest: &'static str = "a".repeat(64).leak();
    assert_eq!(SessionError::denied(longest).reason(), Some(longest));
    let longer: &'static str = "a".repeat(65).leak();
    std::panic::catch_unwind(|| SessionError::denied(longer)).unwrap_err();
}

#[tokio::test]
async fn the_time_to_wait_is_a_day_at_most() {
    for (named, seconds) in [
        ("18446744073709551615", 86_400),
        ("99999999999999999999999999", 86_400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("86399", 86_399),
    ] {
        let world = World::new().await;
        world.pass(30 * MINUTE);
        let busy = Fault::Respond(429, Some(named), "");
        world.line.faults(REFRESH, [busy]);
        let failed = world.me().await.unwrap_err();
        let wait = failed.retry_after().unwrap();
        assert_eq!(wait, Duration::from_secs(seconds), "{named}");
        assert!(Instant::now() + wait > Instant::now());
    }
}

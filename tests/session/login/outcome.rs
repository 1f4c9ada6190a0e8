//! The application's outcomes of a login and of a refresh: valid, invalid, denied, not now, gone.

mod misconfigured;

use std::panic::catch_unwind;
use std::time::Duration;

use http::StatusCode;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use support::{App, HOUR, MINUTE, Received, form, json_request, log_in_form};
use tower_bearer::session::SessionErrorKind;
use tower_bearer::{
    Authorization, Grant, Identity, Login, Outcome, PasswordCredentials, SessionError,
};

/// An application that says this to every login.
fn saying(outcome: impl Fn() -> Outcome + Send + Sync + 'static) -> App {
    let app = App::new();
    app.users.authenticate_as(move |_| outcome());
    app
}

/// `access_denied` with a reason: status and body, and neither a challenge nor anything that ends a
/// client's session.
#[track_caller]
fn assert_denied(answer: &Received, status: u16, reason: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let body = answer.json();
    assert_eq!(
        (&body["error"], &body["reason"]),
        (&"access_denied".into(), &reason.into()),
        "{body}"
    );
    assert!(
        body["error_description"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "{body}"
    );
    assert!(!answer.body.contains("invalid_grant"));
}

#[tokio::test]
async fn a_denial_is_403_access_denied_with_the_reason_of_the_application() {
    let app = saying(|| Outcome::denied("email_unverified"));
    let credentials = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "wonderland-7"),
    ];
    let json = serde_json::json!({ "username": "alice", "password": "wonderland-7" });
    for request in [
        log_in_form(),
        form("/token", &credentials),
        json_request("/login", &json),
    ] {
        let answer = app.send(request).await;
        assert_denied(&answer, 403, "email_unverified");
        assert!(
            !answer.headers.contains_key(RETRY_AFTER)
                && !answer.headers.contains_key(WWW_AUTHENTICATE),
            "{answer:?}"
        );
    }
    assert!(app.live().await.is_empty());
}

#[tokio::test]
async fn a_denial_may_have_a_status_a_retry_after_and_a_description_of_its_own() {
    let app = saying(|| {
        Outcome::denied("too_many_devices")
            .with_status(StatusCode::TOO_MANY_REQUESTS)
            .with_retry_after(Duration::from_secs(90))
            .with_description(format!("log out of one of {} devices first", 12))
    });
    let answer = app.log_in().await;
    assert_denied(&answer, 429, "too_many_devices");
    assert_eq!(answer.headers[RETRY_AFTER], "90");
    assert_eq!(
        answer.json()["error_description"],
        "log out of one of 12 devices first"
    );
}

/// RFC 9110 section 15.5.2: 401 has a challenge.
#[tokio::test]
async fn a_denial_that_is_401_has_a_challenge() {
    let app = saying(|| Outcome::denied("otp_needed").with_status(StatusCode::UNAUTHORIZED));
    let answer = app.log_in().await;
    assert_denied(&answer, 401, "otp_needed");
    assert_eq!(answer.challenge(), Some("Bearer"));
}

/// Clients log out on `invalid_grant`.
#[tokio::test]
async fn a_denial_is_never_invalid_grant_whatever_its_status() {
    for status in [400, 401, 403, 404, 409, 422, 429, 499, 500, 503, 599] {
        let status = StatusCode::from_u16(status).unwrap();
        let app = saying(move || Outcome::denied("not_today").with_status(status));
        assert_denied(&app.log_in().await, status.as_u16(), "not_today");
        let error = app
            .sessions
            .log_in(Login::new(PasswordCredentials::new("alice", "x")))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (SessionErrorKind::Denied, "access_denied")
        );
        assert_eq!(
            (error.reason(), error.status()),
            (Some("not_today"), status)
        );
    }
}

#[tokio::test]
async fn the_longest_retry_after_is_a_header_like_any_other() {
    let app = saying(|| Outcome::denied("never").with_retry_after(Duration::MAX));
    let answer = app.log_in().await;
    assert_denied(&answer, 403, "never");
    assert!(
        answer.headers[RETRY_AFTER]
            .to_str()
            .unwrap()
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    );
}

#[test]
fn a_status_that_does_not_refuse_panics() {
    for status in [100, 200, 204, 302, 399, 600, 999] {
        let status = StatusCode::from_u16(status).unwrap();
        assert!(
            catch_unwind(|| Outcome::denied("a").with_status(status)).is_err(),
            "{status}"
        );
        assert!(
            catch_unwind(|| Authorization::not_now("a").with_status(status)).is_err(),
            "{status}"
        );
    }
}

#[test]
fn a_reason_that_is_not_a_word_panics() {
    for reason in [
        "",
        "Email",
        "e-mail",
        "a b",
        "a.b",
        "caf\u{e9}",
        "a\"",
        "a\n",
        "/",
    ] {
        assert!(
            catch_unwind(|| Outcome::denied(reason)).is_err(),
            "{reason:?}"
        );
        assert!(
            catch_unwind(|| Authorization::not_now(reason)).is_err(),
            "{reason:?}"
        );
        assert!(
            catch_unwind(|| SessionError::denied(reason)).is_err(),
            "{reason:?}"
        );
    }
    for reason in ["a", "email_unverified", "step_2"] {
        drop((Outcome::denied(reason), Authorization::not_now(reason)));
        assert_eq!(SessionError::denied(reason).reason(), Some(reason));
    }
}

#[tokio::test]
async fn settings_of_a_denial_change_nothing_else() {
    let set = |outcome: Outcome| {
        outcome
            .with_status(StatusCode::IM_A_TEAPOT)
            .with_retry_after(MINUTE)
            .with_description("a description")
    };
    let right = saying(move || set(Identity::new("alice").into()))
        .log_in()
        .await;
    right.tokens();
    let wrong = saying(move || set(Outcome::invalid_credentials()))
        .log_in()
        .await;
    wrong.assert_invalid_grant("credentials_invalid");
    for answer in [right, wrong] {
        assert!(
            !answer.headers.contains_key(RETRY_AFTER) && !answer.body.contains("a description"),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_refresh_that_is_not_now_keeps_the_session_its_refresh_token_and_its_access_tokens() {
    let app = App::new();
    let tokens = app.log_in().await.tokens();
    let [id] = app.live().await[..] else {
        panic!("one session")
    };
    let before = app.row(&id).await;
    app.users
        .authorize_as(|_| Ok(Authorization::not_now("suspended").with_retry_after(HOUR)));
    for _ in 0..3 {
        app.clock.advance(MINUTE);
        let refused = app.refresh(&tokens.refresh).await;
        assert_denied(&refused, 403, "suspended");
        assert_eq!(refused.headers[RETRY_AFTER], "3600");
        app.me(&tokens.access).await.assert_passed("alice");
    }
    assert_eq!(
        (
            app.row(&id).await.revoked(),
            app.row(&id).await.parts().generation
        ),
        (None, before.parts().generation)
    );
    assert_eq!(app.live().await, [id]);

    app.users.grant(Grant::new());
    let next = app.refresh(&tokens.refresh).await.tokens();
    app.me(&next.access).await.assert_passed("alice");
    assert_eq!(app.live().await, [id]);
}

#[tokio::test]
async fn not_now_has_a_status_and_a_description_too() {
    let app = App::new();
    let tokens = app.log_in().await.tokens();
    app.users.authorize_as(|_| {
        Ok(Authorization::not_now("unpaid")
            .with_status(StatusCode::PAYMENT_REQUIRED)
            .with_description("the invoice is due"))
    });
    let refused = app.refresh(&tokens.refresh).await;
    assert_denied(&refused, 402, "unpaid");
    assert_eq!(refused.json()["error_description"], "the invoice is due");
    assert!(!refused.headers.contains_key(RETRY_AFTER));
}

#[tokio::test]
async fn a_login_that_is_not_now_is_refused_and_leaves_no_session() {
    let app = App::new();
    app.users
        .authorize_as(|_| Ok(Authorization::not_now("suspended")));
    assert_denied(&app.log_in().await, 403, "suspended");
    let error = app
        .sessions
        .start(Identity::new("alice"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.reason()),
        (SessionErrorKind::Denied, Some("suspended"))
    );
    assert!(app.live().await.is_empty());
}

#[tokio::test]
async fn a_user_who_is_gone_loses_the_session() {
    for gone in [Authorization::gone(), None.into()] {
        let app = App::new();
        let tokens = app.log_in().await.tokens();
        let said = gone.clone();
        app.users.authorize_as(move |_| Ok(said.clone()));
        app.refresh(&tokens.refresh)
            .await
            .assert_invalid_grant("user_gone");
        assert!(app.live().await.is_empty());
        app.me(&tokens.access)
            .await
            .assert_invalid_token("session_revoked");
        app.log_in().await.assert_invalid_grant("user_gone");
        assert!(app.live().await.is_empty());

        // The session has ended for good.
        app.users.grant(Grant::new());
        app.refresh(&tokens.refresh)
            .await
            .assert_invalid_grant("session_revoked");
    }
}

#[tokio::test]
async fn another_stamp_ends_the_session_as_if_the_user_were_gone() {
    let app = App::new();
    app.users
        .authenticate_as(|_| Identity::new("alice").with_stamp("1").into());
    for other in [
        Grant::new(),
        Grant::new().with_stamp("2"),
        Grant::new().with_stamp(""),
    ] {
        app.users.grant(Grant::new().with_stamp("1"));
        let tokens = app.log_in().await.tokens();
        app.users.grant(other);
        app.refresh(&tokens.refresh)
            .await
            .assert_invalid_grant("user_gone");
        assert!(app.live().await.is_empty());
    }
}

#[tokio::test]
async fn a_client_is_never_told_to_come_back_too_early() {
    let app = saying(|| Outcome::denied("later").with_retry_after(Duration::from_millis(1500)));
    assert_eq!(app.log_in().await.headers[RETRY_AFTER], "2");
    let app = saying(|| Outcome::denied("later").with_retry_after(Duration::from_millis(500)));
    assert_eq!(app.log_in().await.headers[RETRY_AFTER], "1");
}

#[tokio::test]
async fn a_denial_that_is_503_says_when_to_come_back() {
    let app =
        saying(|| Outcome::denied("maintenance").with_status(StatusCode::SERVICE_UNAVAILABLE));
    let answer = app.log_in().await;
    assert_denied(&answer, 503, "maintenance");
    assert!(answer.headers.contains_key(RETRY_AFTER), "{answer:?}");
}

//! Accounts that do not fit the credentials of a login: 500, and the log names the cure.

use std::borrow::Cow;
use std::convert::Infallible;

use serde::Deserialize;
use support::{App, Call, Log, Received, assert_silent_about, log_in_form};
use tower::ServiceExt;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, Grant, Identity, Login, LoginCredentials,
    MemoryStore, PasswordCredentials, Sessions,
};

#[derive(Deserialize)]
struct Badge {
    number: String,
}

impl LoginCredentials for Badge {
    fn account(&self) -> Cow<'_, str> {
        (&self.number).into()
    }
}

#[tokio::test]
async fn credentials_of_another_type_are_misconfigured_and_the_log_names_both_types() {
    let (log, _guard) = Log::capture();
    let app = App::new();
    log.take();
    let error = app
        .sessions
        .log_in(Login::new(Badge {
            number: "badge-4711-0815".to_owned(),
        }))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.status().as_u16(), error.code()),
        (SessionErrorKind::Misconfigured, 500, "server_error")
    );
    assert!(!error.is_refusal() && error.reason().is_none());
    let lines = log.take_our_own();
    assert!(lines.len() == 1 && lines[0].contains("ERROR"), "{lines:?}");
    for name in [
        std::any::type_name::<Badge>(),
        std::any::type_name::<PasswordCredentials>(),
    ] {
        assert!(lines[0].contains(name), "{lines:?}");
        assert!(
            !Received::of(error.to_response().map(axum::body::Body::from))
                .await
                .body
                .contains(name),
            "the client does not read it"
        );
    }
    assert_silent_about(&lines[0], &["badge-4711-0815"]);
    let calls = app.store.take_calls();
    assert!(!calls.contains(&Call::Insert), "{calls:?}");
}

#[tokio::test]
async fn an_application_that_has_credentials_and_does_not_authenticate_answers_500_and_logs_the_cure()
 {
    struct Unwritten;
    impl Authenticate for Unwritten {
        type Credentials = PasswordCredentials;
        type Error = Infallible;

        async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
            Ok(Grant::new().into())
        }
    }
    let (log, _guard) = Log::capture();
    let sessions: Sessions = TestTokens::new()
        .sessions(Unwritten, MemoryStore::new())
        .build()
        .unwrap();
    log.take();
    let answer = Received::read(sessions.endpoints().oneshot(log_in_form())).await;
    answer.assert_error(500, "server_error", None);
    answer.assert_not_stored();
    let lines = log.take_our_own().join("\n");
    assert!(
        lines.contains("ERROR")
            && lines.contains("authenticate")
            && lines.contains("NoCredentials"),
        "{lines}"
    );
    assert!(!lines.contains("wonderland"), "{lines}");
    // A user who logs in elsewhere is logged in.
    sessions.start(Identity::new("alice")).await.unwrap();
}

#[tokio::test]
async fn a_grant_that_cannot_be_signed_is_logged_with_its_cure_and_accuses_no_user() {
    let app = App::new();
    app.users.grant(Grant::new().with_claim("exp", 1));
    let (log, _guard) = Log::capture();
    let answer = app.log_in().await;
    answer.assert_error(500, "server_error", None);
    let lines = log.take_our_own().join("\n");
    assert!(
        lines.contains("ERROR") && lines.contains("exp. Leave them out"),
        "{lines}"
    );
    assert!(
        lines.contains("unanswered") && !lines.contains("user_gone"),
        "{lines}"
    );
    assert!(app.live().await.is_empty());
}

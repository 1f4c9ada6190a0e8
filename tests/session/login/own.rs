//! A login in the application's own words: other credentials, none at all, a handler of its own.

use std::borrow::Cow;
use std::convert::Infallible;

use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Router, body::Body};
use http::Request;
use serde::Deserialize;
use serde_json::json;
use support::{Login, Received, claims_of, form};
use tower::ServiceExt;
use tower_bearer::session::SessionErrorKind;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, Grant, Identity, LoginCredentials, MemoryStore,
    NoCredentials, Outcome, SessionError, Sessions, TokenResponse,
};

/// Accounts that recognise people by a card and a code.
struct Cards;

#[derive(Deserialize)]
struct Card {
    number: String,
    code: Option<String>,
}

impl LoginCredentials for Card {
    fn account(&self) -> Cow<'_, str> {
        (&self.number).into()
    }
}

impl Authenticate for Cards {
    type Credentials = Card;
    type Error = Infallible;

    async fn authenticate(&self, login: tower_bearer::Login<Card>) -> Result<Outcome, Infallible> {
        let is_right = login.number == "4711" && login.code.as_deref() == Some("0000");
        Ok(if is_right {
            Identity::new(4711).into()
        } else {
            Outcome::invalid_credentials()
        })
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok(Grant::new().into())
    }
}

/// Accounts whose users all log in elsewhere.
#[derive(Clone)]
struct Elsewhere;

impl Authenticate for Elsewhere {
    type Credentials = NoCredentials;
    type Error = Infallible;

    async fn authorize(&self, request: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
        Ok((request.session().subject().as_str() != "mallory")
            .then(Grant::new)
            .into())
    }
}

fn sessions<A: Authenticate>(accounts: A) -> Sessions {
    TestTokens::new()
        .sessions(accounts, MemoryStore::new())
        .build()
        .unwrap()
}

#[tokio::test]
async fn credentials_are_of_any_type_whose_fields_are_text() {
    let login = sessions(Cards).endpoints().login();
    let post = |request| Received::read(login.clone().oneshot(request));

    let tokens = post(form(
        "/",
        &[("number", "4711"), ("code", "0000"), ("device", "a till")],
    ))
    .await
    .tokens();
    assert_eq!(claims_of(&tokens.access)["sub"], "4711");
    post(support::json_request(
        "/",
        &json!({ "number": "4711", "code": "0000" }),
    ))
    .await
    .tokens();

    post(form("/", &[("number", "4711")]))
        .await
        .assert_invalid_grant("credentials_invalid");
    post(form("/", &[("code", "0000")]))
        .await
        .assert_error(400, "invalid_request", None);
    // RFC 6749 has text only, and so has a form.
    let number = json!({ "number": 4711, "code": "0000" });
    post(support::json_request("/", &number))
        .await
        .assert_error(400, "invalid_request", None);
}

#[tokio::test]
async fn where_there_are_no_credentials_nobody_logs_in_by_any() {
    let login = sessions(Elsewhere).endpoints().login();
    let with = [
        form("/", &[]),
        form("/", &[("username", "alice"), ("password", "x")]),
        form("/", &[("username", "alice")]),
    ];
    let json =
        [json!({}), json!({ "NoCredentials": "x" })].map(|body| support::json_request("/", &body));
    for request in with.into_iter().chain(json) {
        let answer = Received::read(login.clone().oneshot(request)).await;
        answer.assert_error(404, "invalid_request", None);
        answer.assert_not_stored();
    }
}

#[tokio::test]
async fn an_own_login_handler_starts_sessions_and_answers_in_the_words_of_rfc_6749() {
    #[derive(Deserialize)]
    struct Code {
        code: String,
    }
    async fn callback(
        State(sessions): State<Sessions>,
        Query(code): Query<Code>,
    ) -> Result<TokenResponse, SessionError> {
        sessions
            .start(Identity::new(code.code).with_device("a laptop"))
            .await
    }
    let app = Router::new()
        .route("/callback", get(callback))
        .with_state(sessions(Elsewhere));
    let ask = async |who: &str| {
        let request = Request::get(format!("/callback?code={who}"))
            .body(Body::empty())
            .expect("a good address");
        Received::read(app.clone().oneshot(request)).await
    };

    let answer = ask("alice").await;
    assert_eq!(claims_of(&answer.tokens().access)["sub"], "alice");
    answer.assert_not_stored();
    let refused = ask("mallory").await;
    refused.assert_invalid_grant("user_gone");
    refused.assert_not_stored();
}

#[tokio::test]
async fn a_grant_that_cannot_be_is_the_servers_fault_and_hands_nothing_out() {
    struct Wrong;
    impl Authenticate for Wrong {
        type Credentials = NoCredentials;
        type Error = Infallible;

        async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, Infallible> {
            Ok(Grant::new().with_claim("sub", "root").into())
        }
    }
    let error = sessions(Wrong)
        .start(Identity::new("alice"))
        .await
        .expect_err("`sub` is taken");
    assert_eq!(error.kind(), SessionErrorKind::Misconfigured);
    assert_eq!(
        (error.status().as_u16(), error.code()),
        (500, "server_error")
    );
}

// requirement 25
#[tokio::test]
async fn a_login_that_was_under_way_while_the_password_changed_does_not_survive_it() {
    let login = Login::new();
    login.accounts.when_authenticated(|accounts| {
        accounts.change("alice", |account| {
            account.password = "another".to_owned();
            account.stamp = 2;
        });
    });
    let answer = login
        .post(
            "/login",
            &[("username", "alice"), ("password", "wonderland-7")],
        )
        .await;
    answer.assert_invalid_grant("user_gone");
    assert!(
        login
            .sessions
            .list(&"alice".into())
            .await
            .unwrap()
            .is_empty()
    );
    // And the next login, with the new password, is like any other.
    login.log_in("alice").await;
}

// requirements 25, 73
#[tokio::test]
async fn a_user_who_is_gone_right_after_the_password_was_checked_gets_no_session() {
    let login = Login::new();
    login
        .accounts
        .when_authenticated(|accounts| accounts.change("alice", |account| account.enabled = false));
    let answer = login
        .post(
            "/login",
            &[("username", "alice"), ("password", "wonderland-7")],
        )
        .await;
    answer.assert_invalid_grant("user_gone");
    assert!(
        login
            .sessions
            .list(&"alice".into())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn an_own_login_handler_can_refuse_in_the_words_of_rfc_6749() {
    async fn second_factor(code: String) -> Result<TokenResponse, SessionError> {
        match &*code {
            "down" => Err(SessionError::unavailable("the texts cannot be sent")),
            _ => Err(SessionError::invalid_credentials()),
        }
    }
    let app = Router::new().route("/second-factor", axum::routing::post(second_factor));
    let send = |code: &'static str| {
        Received::read(
            app.clone().oneshot(
                Request::post("/second-factor")
                    .body(Body::from(code))
                    .unwrap(),
            ),
        )
    };
    send("0000")
        .await
        .assert_invalid_grant("credentials_invalid");
    send("down").await.assert_unavailable();
}

#[tokio::test]
async fn a_parameter_that_is_missing_is_named() {
    let login = Login::new();
    for (sent, missing) in [("username", "password"), ("password", "username")] {
        let answer = login.post("/login", &[(sent, "alice")]).await;
        answer.assert_error(400, "invalid_request", None);
        assert_eq!(
            answer.json()["error_description"],
            format!("{missing} is missing")
        );
    }
}

//! Answers in the application's own shape: other JSON, other refusals, other statuses.

mod parts;
mod refusals;

use std::sync::{Arc, Mutex};

use axum::body::Body;
use bytes::Bytes;
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use support::{App, Log, Received, form, log_in_form, names, with_header};
use tower::ServiceExt;
use tower_bearer::endpoint::EndpointError;
use tower_bearer::keys::AccessToken;
use tower_bearer::{AuthEndpoints, CookieDelivery, Identity, TokenResponse};

async fn send(endpoints: &AuthEndpoints, request: Request<Body>) -> Received {
    Received::read(endpoints.clone().oneshot(request)).await
}

/// An answer that has no header.
pub(super) fn teapot(_: &EndpointError, _: &Parts) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from("own"));
    *response.status_mut() = StatusCode::IM_A_TEAPOT;
    response
}

fn own(tokens: &TokenResponse, parts: &Parts) -> Value {
    json!({
        "accessToken": tokens.access_token(),
        "refreshToken": tokens.refresh_token(),
        "user": tokens.claims().subject(),
        "extra": tokens.extra(),
        "path": parts.uri.path(),
    })
}

#[tokio::test]
async fn a_login_and_a_refresh_answer_in_the_names_of_the_application() {
    let app = App::new();
    app.users.authenticate_as(|_| {
        Identity::new("alice")
            .with_response("name", "Alice")
            .unwrap()
            .into()
    });
    let endpoints = app.endpoints().with_token_response(own);
    let login = send(&endpoints, log_in_form()).await;
    assert_eq!(login.status, 200);
    login.assert_not_stored();
    let body = login.json();
    assert_eq!(
        names(&body),
        ["accessToken", "extra", "path", "refreshToken", "user"]
    );
    assert_eq!(
        (&body["user"], &body["extra"]["name"], &body["path"]),
        (&json!("alice"), &json!("Alice"), &json!("/login"))
    );
    app.me(body["accessToken"].as_str().unwrap())
        .await
        .assert_passed("alice");

    let refresh = form(
        "/refresh",
        &[("refresh_token", body["refreshToken"].as_str().unwrap())],
    );
    let refresh = send(&endpoints, refresh).await;
    refresh.assert_not_stored();
    assert_eq!(
        (
            refresh.status,
            &refresh.json()["user"],
            &refresh.json()["extra"]
        ),
        (200, &json!("alice"), &json!({}))
    );
    let parameters = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "wonderland-7"),
    ];
    assert_eq!(
        send(&endpoints, form("/token", &parameters)).await.json()["path"],
        "/token"
    );
    // A refusal is not a login.
    send(&endpoints, form("/login", &[]))
        .await
        .assert_error(400, "invalid_request", None);
}

#[tokio::test]
async fn a_logout_answers_in_the_shape_of_the_application_and_clears_the_cookies() {
    let app = App::new();
    let endpoints = app
        .endpoints()
        .with_cookies(CookieDelivery::new())
        .with_logout_response(|_| json!({ "ok": true }));
    let alice = || async { app.log_in().await.tokens() };
    let signed = |path: &str, tokens: support::Tokens| {
        let request = support::signed_in("POST", path, &tokens.access);
        let form = "application/x-www-form-urlencoded";
        let request = with_header(request, "content-type", form);
        with_header(request, "sec-fetch-site", "same-origin")
    };
    for path in ["/logout", "/logout-everywhere"] {
        let tokens = alice().await;
        let answer = send(&endpoints, signed(path, tokens)).await;
        answer.assert_not_stored();
        assert_eq!(
            answer.status_and_value(),
            (200, json!({ "ok": true })),
            "{path}"
        );
        assert!(answer.headers.contains_key(SET_COOKIE), "{path}");
        assert!(app.live().await.is_empty(), "{path}");
    }
    // The usual answer is an empty object.
    let request = signed("/logout", alice().await);
    assert_eq!(app.send(request).await.status_and_value(), (200, json!({})));
}

/// As the application writes it: with its own type, whose members keep their order.
#[derive(serde::Serialize)]
struct OwnTokens {
    token: AccessToken,
    is_refreshable: bool,
}

#[tokio::test]
async fn a_login_may_answer_with_a_type_of_the_application() {
    let app = App::new();
    let endpoints = app.endpoints().with_token_response(|tokens, _| OwnTokens {
        token: tokens.access_token().clone(),
        is_refreshable: tokens.refresh_token().is_some(),
    });
    let answer = send(&endpoints, log_in_form()).await;
    answer.assert_not_stored();
    assert!(answer.body.starts_with(r#"{"token":"ey"#), "{answer:?}");
    assert!(
        answer.body.ends_with(r#"","is_refreshable":true}"#),
        "{answer:?}"
    );
}

#[tokio::test]
async fn an_answer_that_does_not_fit_json_is_a_fault_of_the_server_and_is_logged() {
    let app = App::new();
    // A key that is not text.
    let endpoints = app
        .endpoints()
        .with_token_response(|_, _| std::collections::BTreeMap::from([((1, 2), 3)]));
    let (log, _guard) = Log::capture();
    let answer = send(&endpoints, log_in_form()).await;
    answer.assert_error(500, "server_error", None);
    answer.assert_not_stored();
    assert!(
        log.text().contains("return what fits JSON"),
        "{}",
        log.text()
    );
}

#[tokio::test]
async fn each_endpoint_by_itself_answers_in_the_same_shape() {
    let app = App::new();
    let endpoints = app
        .endpoints()
        .with_token_response(own)
        .with_rejection(teapot);
    let login = Received::read(endpoints.login().oneshot(log_in_form())).await;
    assert_eq!(login.json()["user"], "alice");
    let refused = Received::read(
        endpoints
            .refresh()
            .oneshot(form("/", &[("refresh_token", "rt1_x")])),
    )
    .await;
    assert_eq!((refused.status, &*refused.body), (418, "own"));
}

/// A login of our page, which wants its tokens in cookies.
fn cookie_login() -> http::Request<axum::body::Body> {
    let parameters = [
        ("username", "alice"),
        ("password", "wonderland-7"),
        ("delivery", "cookie"),
    ];
    with_header(form("/login", &parameters), "sec-fetch-site", "same-origin")
}

/// The input of the closure of an application with cookies, and the response.
async fn by_cookie(cookies: CookieDelivery) -> (App, Received, TokenResponse) {
    let app = App::new();
    let seen = Arc::new(Mutex::new(None));
    let sees = Arc::clone(&seen);
    let endpoints =
        app.endpoints()
            .with_cookies(cookies)
            .with_token_response(move |tokens, parts| {
                *sees.lock().unwrap() = Some(tokens.clone());
                own(tokens, parts)
            });
    let answer = send(&endpoints, cookie_login()).await;
    let seen = seen
        .lock()
        .unwrap()
        .take()
        .expect("a closure that was called");
    (app, answer, seen)
}

/// The cookies with tokens.
fn cookies_of(answer: &Received) -> Vec<&str> {
    answer
        .headers
        .get_all(SET_COOKIE)
        .iter()
        .map(|line| line.to_str().unwrap())
        .filter(|line| !line.contains("device_mark="))
        .collect()
}

/// A page that shows a failure must not be logged in.
#[tokio::test]
async fn an_answer_that_does_not_fit_json_sets_no_cookie() {
    let app = App::new();
    let endpoints = app
        .endpoints()
        .with_cookies(CookieDelivery::new().with_access_token())
        .with_token_response(|_, _| std::collections::BTreeMap::from([((1, 2), 3)]));
    let answer = send(&endpoints, cookie_login()).await;
    answer.assert_error(500, "server_error", None);
    assert!(!answer.headers.contains_key(SET_COOKIE), "{answer:?}");
}

// requirement 68
#[tokio::test]
async fn with_cookies_the_closure_sees_no_refresh_token_and_the_cookie_is_set() {
    let (app, answer, seen) = by_cookie(CookieDelivery::new()).await;
    assert_eq!(answer.status, 200);
    answer.assert_not_stored();
    assert!(seen.refresh_token().is_none() && !answer.body.contains("rt1_"));
    assert_eq!(answer.json()["refreshToken"], Value::Null);
    let [cookie] = cookies_of(&answer)[..] else {
        panic!("one cookie: {answer:?}")
    };
    assert!(cookie.starts_with("__Host-refresh_token=rt1_"), "{cookie}");
    app.me(answer.json()["accessToken"].as_str().unwrap())
        .await
        .assert_passed("alice");
}

#[tokio::test]
async fn where_the_access_token_is_a_cookie_too_the_closure_sees_an_empty_one() {
    let (_, answer, seen) = by_cookie(CookieDelivery::new().with_access_token()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        (seen.access_token().secret(), seen.refresh_token().is_none()),
        ("", true)
    );
    assert_eq!(
        (
            seen.claims().subject().as_str(),
            &answer.json()["accessToken"]
        ),
        ("alice", &json!(""))
    );
    let cookies = cookies_of(&answer);
    assert!(
        cookies.len() == 2 && cookies[1].starts_with("__Host-access_token=ey"),
        "{cookies:?}"
    );
    for cookie in cookies {
        let (_, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
        assert!(!answer.body.contains(value));
    }
}

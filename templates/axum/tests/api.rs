//! The routes, without a port. Users and sessions are in memory.

use app::accounts::Accounts;
use app::database::Database;
use app::routes;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_bearer::{Passwords, Secret, Sessions};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const ALICE: &str = "username=alice&password=wonderland-7";

async fn app() -> Router {
    let (users, store) = Database::Memory.open().await.unwrap();
    let accounts = Accounts::new(users, Passwords::new().dangerous_weak());
    let sessions = Sessions::builder(accounts.clone(), store)
        .issuer("http://localhost:3000")
        .audience("test")
        .secret(Secret::random().unwrap())
        .build()
        .unwrap();
    routes::app(accounts, &sessions)
}

/// An application where alice has signed up.
async fn app_of_alice() -> Router {
    let app = app().await;
    let response = sign_up(&app, "alice", "wonderland-7").await;
    assert_eq!(response.status(), StatusCode::CREATED);
    app
}

async fn post(app: &Router, path: &str, kind: &str, body: String) -> Response<Body> {
    let request = Request::post(path).header("content-type", kind);
    let request = request.body(Body::from(body)).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

async fn sign_up(app: &Router, name: &str, password: &str) -> Response<Body> {
    let new = json!({ "username": name, "password": password });
    post(app, "/signup", JSON, new.to_string()).await
}

async fn log_in(app: &Router) -> Value {
    let response = post(app, "/auth/login", FORM, ALICE.to_owned()).await;
    assert_eq!(response.status(), StatusCode::OK);
    body(response).await
}

async fn me(app: &Router, token: &str) -> Response<Body> {
    let request = Request::get("/me").header("authorization", format!("Bearer {token}"));
    let request = request.body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap()
}

async fn body(response: Response<Body>) -> Value {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

#[tokio::test]
async fn a_new_user_logs_in_and_sees_who_they_are() {
    let app = app_of_alice().await;
    let tokens = log_in(&app).await;
    let response = me(&app, text(&tokens, "access_token")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        body(response).await,
        json!({ "id": 1, "username": "alice" })
    );
}

#[tokio::test]
async fn without_a_valid_token_nothing_is_shown() {
    let app = app_of_alice().await;
    let response = me(&app, "guessed").await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let challenge = response.headers()["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.starts_with("Bearer error=\"invalid_token\""),
        "{challenge}"
    );
    let request = Request::get("/me").body(Body::empty()).unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_refused_in_the_same_way() {
    let app = app_of_alice().await;
    let mut answers = Vec::new();
    for login in [
        "username=alice&password=wonderland-8",
        "username=mallory&password=wonderland-7",
    ] {
        let response = post(&app, "/auth/login", FORM, login.to_owned()).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        answers.push(body(response).await);
    }
    assert_eq!(text(&answers[0], "error"), "invalid_grant");
    assert_eq!(answers[0], answers[1]);
    // PostgreSQL would not take it as text.
    let nul = "username=a%00&password=wonderland-7".to_owned();
    let response = post(&app, "/auth/login", FORM, nul).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(text(&body(response).await, "error"), "invalid_request");
}

#[tokio::test]
async fn a_name_is_taken_once_whatever_its_case() {
    let app = app_of_alice().await;
    let response = sign_up(&app, "Alice", "another-horse").await;
    assert_eq!(response.status(), StatusCode::CONFLICT);
    let login = "username=ALICE&password=wonderland-7";
    let response = post(&app, "/auth/login", FORM, login.to_owned()).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn names_and_passwords_that_break_the_rules_are_refused() {
    let app = app().await;
    let (long_name, long_password) = ("a".repeat(65), "p".repeat(257));
    for (name, password) in [
        ("", "wonderland-7"),
        ("a b", "wonderland-7"),
        ("alice\0", "wonderland-7"),
        (&*long_name, "wonderland-7"),
        ("alice", "short"),
        ("alice", &*long_password),
    ] {
        let response = sign_up(&app, name, password).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{name:?}");
    }
}

#[tokio::test]
async fn a_refresh_makes_new_tokens_and_a_logout_ends_them() {
    let app = app_of_alice().await;
    let tokens = log_in(&app).await;
    let form = format!("refresh_token={}", text(&tokens, "refresh_token"));
    let response = post(&app, "/auth/refresh", FORM, form).await;
    assert_eq!(response.status(), StatusCode::OK);
    let renewed = body(response).await;
    assert_ne!(renewed["refresh_token"], tokens["refresh_token"]);
    let access = text(&renewed, "access_token");
    assert_eq!(me(&app, access).await.status(), StatusCode::OK);

    let refresh = text(&renewed, "refresh_token");
    let response = post(&app, "/auth/logout", FORM, format!("token={refresh}")).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(me(&app, access).await.status(), StatusCode::UNAUTHORIZED);
    let response = post(
        &app,
        "/auth/refresh",
        FORM,
        format!("refresh_token={refresh}"),
    )
    .await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

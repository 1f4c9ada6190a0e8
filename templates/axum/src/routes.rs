//! The routes. Those above `route_layer` need an access token.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Json, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use tower_bearer::{CurrentUser, Sessions};

use crate::accounts::Accounts;
use crate::users::{User, username};

pub fn app(accounts: Accounts, sessions: &Sessions) -> Router {
    let probed = sessions.clone();
    // The traffic may come once this process can check access tokens.
    let health = async move || match probed.ready().await {
        Ok(()) => "ok".into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    Router::new()
        .route("/me", get(me))
        .route_layer(sessions.layer().with_user_loader(accounts.clone()))
        .route("/signup", post(sign_up))
        .route("/health", get(health))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .with_state(accounts)
        // POST /auth/login, /auth/refresh and /auth/logout.
        .nest_service("/auth", sessions.endpoints())
}

async fn me(CurrentUser(user): CurrentUser<User>) -> impl IntoResponse {
    Json(json!({ "id": user.id, "username": user.username }))
}

#[derive(Deserialize)]
struct NewUser {
    username: String,
    password: String,
}

async fn sign_up(State(accounts): State<Accounts>, Json(new): Json<NewUser>) -> Response {
    let Some(name) = username(&new.username) else {
        let rule = "a user name has up to 64 letters, digits, dots, hyphens and underscores";
        return refuse(StatusCode::BAD_REQUEST, rule);
    };
    if !(8..=256).contains(&new.password.chars().count()) {
        let rule = "a password has from 8 to 256 characters";
        return refuse(StatusCode::BAD_REQUEST, rule);
    }
    match accounts.sign_up(&name, &new.password).await {
        Ok(Some(user)) => {
            let user = Json(json!({ "id": user.id, "username": user.username }));
            (StatusCode::CREATED, user).into_response()
        }
        Ok(None) => refuse(StatusCode::CONFLICT, "this user name is taken"),
        Err(error) => {
            // As text, so that a line break in it is escaped.
            tracing::error!(error = error.to_string(), "sign-up failed");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "try again later")
        }
    }
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}

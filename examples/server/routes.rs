//! The application's own routes.

use axum::extract::{Form, FromRequest, Json, Request, State};
use axum::http::{StatusCode, header::CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tower_bearer::{CurrentUser, PasswordCredentials};

use crate::accounts::Accounts;
use crate::users::User;

/// The layer has loaded the user.
pub(crate) async fn me(CurrentUser(user): CurrentUser<User>) -> Json<Value> {
    Json(json!({ "id": user.id, "username": user.username, "admin": user.admin }))
}

/// `RequireScopeLayer` has seen to it that the token allows `admin`.
pub(crate) async fn admin(CurrentUser(user): CurrentUser<User>) -> Json<Value> {
    Json(json!({ "message": format!("welcome to the engine room, {}", user.username) }))
}

pub(crate) async fn sign_up(State(accounts): State<Accounts>, SignUp(new): SignUp) -> Response {
    if !(1..=64).contains(&new.username().chars().count()) {
        return error(StatusCode::BAD_REQUEST, "invalid_request", "a user name has from 1 to 64 characters");
    }
    // PostgreSQL cannot keep a NUL, and nobody can read the others.
    if new.username().contains(char::is_control) {
        return error(StatusCode::BAD_REQUEST, "invalid_request", "a user name has no control characters");
    }
    // OWASP ASVS 6.2.1 and 6.2.9.
    if !(8..=256).contains(&new.password().chars().count()) {
        return error(StatusCode::BAD_REQUEST, "invalid_request", "a password has from 8 to 256 characters");
    }
    match accounts.sign_up(&new).await {
        Ok(Some(user)) => (StatusCode::CREATED, Json(json!({ "id": user.id, "username": user.username }))).into_response(),
        Ok(None) => error(StatusCode::CONFLICT, "username_taken", "somebody has this user name"),
        Err(cause) => {
            tracing::error!(%cause, "sign-up failed");
            error(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "try again in a moment")
        }
    }
}

/// A user name and a password, as JSON or as a form.
pub(crate) struct SignUp(PasswordCredentials);

impl<S: Send + Sync> FromRequest<S> for SignUp {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let refused = |status| error(status, "invalid_request", "username and password are needed, as JSON or as a form");
        let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if media_type.starts_with("application/json") {
            let body = Json::from_request(request, state).await;
            body.map(|Json(new)| Self(new)).map_err(|rejection| refused(rejection.status()))
        } else {
            let body = Form::from_request(request, state).await;
            body.map(|Form(new)| Self(new)).map_err(|rejection| refused(rejection.status()))
        }
    }
}

fn error(status: StatusCode, error: &str, description: &str) -> Response {
    (status, Json(json!({ "error": error, "error_description": description }))).into_response()
}

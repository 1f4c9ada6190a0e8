//! The application's own routes.

use axum::extract::{Extension, Form, FromRequest, Json, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tower_bearer::session::RequestContext;
use tower_bearer::{AccessTokenClaims, BearerError, CookieDelivery, CurrentUser, Sessions};
use utoipa::ToSchema;

use crate::accounts::Accounts;
use crate::users::User;

#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    admin: bool,
    id: i64,
    username: String,
}

/// The user who asks
// The layer has loaded them.
#[utoipa::path(
    get,
    path = "/me",
    tag = "example",
    responses((status = 200, description = "The user.", body = Me), BearerError),
    security(("bearer" = []), ("password" = []))
)]
pub(crate) async fn me(CurrentUser(user): CurrentUser<User>) -> Json<Me> {
    Json(Me {
        admin: user.admin,
        id: user.id,
        username: user.username,
    })
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Welcome {
    message: String,
}

/// For administrators: alice is one
// `RequireLayer` has seen to it that the token allows `admin`.
#[utoipa::path(
    get,
    path = "/admin",
    tag = "example",
    responses((status = 200, description = "A greeting.", body = Welcome), BearerError),
    security(("bearer" = []), ("password" = []))
)]
pub(crate) async fn admin(CurrentUser(user): CurrentUser<User>) -> Json<Welcome> {
    Json(Welcome {
        message: format!("welcome to the engine room, {}", user.username),
    })
}

/// A new user
#[utoipa::path(
    post,
    path = "/signup",
    tag = "example",
    request_body(content(
        (NewUser = "application/x-www-form-urlencoded"),
        (NewUser = "application/json"),
    )),
    responses(
        (status = 201, description = "The user is there.", body = SignedUp),
        (
            status = 400,
            description = "The user name or the password does not fit the rules.",
            body = ref("#/components/schemas/AuthError"),
        ),
        (
            status = 409,
            description = "This user name is taken.",
            body = ref("#/components/schemas/AuthError"),
        ),
        (
            status = 413,
            description = "The body is above 8 KiB.",
            body = ref("#/components/schemas/AuthError"),
        ),
        (
            status = 415,
            description = "The body is neither a form nor JSON.",
            body = ref("#/components/schemas/AuthError"),
        ),
        (
            status = 422,
            description = "User name or password is missing.",
            body = ref("#/components/schemas/AuthError"),
        ),
        (
            status = 503,
            description = "The users table cannot be read now.",
            body = ref("#/components/schemas/AuthError"),
        ),
    )
)]
pub(crate) async fn sign_up(State(accounts): State<Accounts>, SignUp(new): SignUp) -> Response {
    if !(1..=64).contains(&new.username.chars().count()) {
        return error(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "a user name has from 1 to 64 characters",
        );
    }
    // PostgreSQL cannot keep a NUL, and the other control characters are not readable.
    if new.username.contains(char::is_control) {
        return error(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "a user name has no control characters",
        );
    }
    if let Some(refused) = refuse_password(&new.password) {
        return refused;
    }
    match accounts.sign_up(&new.username, &new.password).await {
        Ok(Some(user)) => (
            StatusCode::CREATED,
            Json(SignedUp {
                id: user.id,
                username: user.username,
            }),
        )
            .into_response(),
        Ok(None) => error(
            StatusCode::CONFLICT,
            "username_taken",
            "this user name is taken",
        ),
        Err(cause) => {
            // As text, so that a line break in it is escaped.
            tracing::error!(cause = cause.to_string(), "sign-up failed");
            unavailable()
        }
    }
}

/// OWASP ASVS 6.2.1 and 6.2.9.
fn refuse_password(password: &str) -> Option<Response> {
    let is_allowed = (8..=256).contains(&password.chars().count());
    let sentence = "a password has from 8 to 256 characters";
    (!is_allowed).then(|| error(StatusCode::BAD_REQUEST, "invalid_request", sentence))
}

/// Another password, if the old one was given within the last five minutes
// `RequireLayer` has seen to that. Otherwise the client sends it to `/auth/reauthenticate`.
#[utoipa::path(
    post,
    path = "/password",
    tag = "example",
    request_body(content = NewPassword, content_type = "application/x-www-form-urlencoded"),
    responses(
        (
            status = 200,
            description = "The password is another one, and other sessions have ended.",
            body = KnownDevice,
        ),
        (
            status = 409,
            description = "The password has changed meanwhile.",
            body = ref("#/components/schemas/AuthError"),
        ),
        (status = 413, description = "The body is above 8 KiB."),
        (status = 415, description = "The body is not a form."),
        (status = 422, description = "The password is missing."),
        BearerError,
    ),
    security(("bearer" = []), ("password" = []))
)]
pub(crate) async fn set_password(
    CurrentUser(user): CurrentUser<User>,
    claims: AccessTokenClaims,
    State(accounts): State<Accounts>,
    Extension(device): Extension<Device>,
    parts: Parts,
    Form(new): Form<NewPassword>,
) -> Response {
    if let Some(refused) = refuse_password(&new.password) {
        return refused;
    }
    let user = match accounts.set_password(&user, &new.password).await {
        Ok(Some(user)) => user,
        Ok(None) => {
            return error(
                StatusCode::CONFLICT,
                "password_changed",
                "the password has changed meanwhile",
            );
        }
        Err(cause) => {
            // As text, so that a line break in it is escaped.
            tracing::error!(cause = cause.to_string(), "the password was not changed");
            return unavailable();
        }
    };
    // The password is the new one, whatever comes now.
    let sessions = &device.sessions;
    match sessions.credentials_changed(&claims, user.stamp()).await {
        Ok(_) => device.known(&user, &claims, &parts),
        // This session has ended meanwhile. The others have too.
        Err(cause) if cause.is_refusal() => device.known(&user, &claims, &parts),
        Err(cause) => {
            tracing::error!(
                cause = cause.to_string(),
                "other sessions may not have ended"
            );
            error(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "the password has changed, but other sessions may not have ended",
            )
        }
    }
}

/// Makes the device known again that a password was changed on.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) sessions: Sessions,
    pub(crate) cookies: CookieDelivery,
}

impl Device {
    /// All marks from before the new password are forgotten. This device gets another one as it
    /// keeps them: in a cookie, or in the body.
    fn known(&self, user: &User, claims: &AccessTokenClaims, parts: &Parts) -> Response {
        let held = self.cookies.device_mark(parts);
        let mut context = RequestContext::from(parts);
        if let Some(held) = held {
            context = context.with_device_mark(held);
        }
        let subject = claims.subject();
        let mark = self.sessions.device_mark(&user.username, subject, &context);
        let in_body = mark.as_ref().filter(|_| held.is_none());
        let device_mark = in_body.map(|mark| mark.secret().to_owned());
        let body = (
            [(CACHE_CONTROL, "no-store")],
            Json(KnownDevice { device_mark }),
        );
        match mark.filter(|_| held.is_some()) {
            Some(mark) => self.cookies.set_device_mark(&mark, body.into_response()),
            None => body.into_response(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct KnownDevice {
    /// For the next login, from a client that keeps no cookies.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_mark: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct NewPassword {
    #[schema(min_length = 8, max_length = 256, format = Password)]
    password: String,
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct NewUser {
    #[schema(min_length = 1, max_length = 64)]
    username: String,
    #[schema(min_length = 8, max_length = 256, format = Password)]
    password: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SignedUp {
    id: i64,
    username: String,
}

/// A user name and a password, as JSON or as a form.
pub(crate) struct SignUp(NewUser);

impl<S: Send + Sync> FromRequest<S> for SignUp {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let refused = |status| {
            error(
                status,
                "invalid_request",
                "username and password are needed, as JSON or as a form",
            )
        };
        let media_type = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        if media_type.starts_with("application/json") {
            let body = Json::from_request(request, state).await;
            body.map(|Json(new)| Self(new))
                .map_err(|rejection| refused(rejection.status()))
        } else {
            let body = Form::from_request(request, state).await;
            body.map(|Form(new)| Self(new))
                .map_err(|rejection| refused(rejection.status()))
        }
    }
}

fn unavailable() -> Response {
    error(
        StatusCode::SERVICE_UNAVAILABLE,
        "temporarily_unavailable",
        "try again in a moment",
    )
}

fn error(status: StatusCode, error: &str, description: &str) -> Response {
    (
        status,
        [(CACHE_CONTROL, "no-store")],
        Json(json!({ "error": error, "error_description": description })),
    )
        .into_response()
}

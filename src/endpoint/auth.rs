//! [`AuthEndpoints`] is all endpoints of the login flow, as one service.

use std::sync::Arc;

use http::request::Parts;
use http::{Request, Response, StatusCode};
use serde::Serialize;

use super::body::EndpointBody;
use super::error::EndpointError;
use super::route::Route;
use super::state::State;
use crate::bearer::IntoRejection;
use crate::session::{SessionErrorKind, Sessions, TokenResponse};

/// All endpoints of the login flow, to be mounted under one path. See the [module
/// docs](crate::endpoint).
///
/// It is a service: in Axum, mount it with `nest_service`, not with `nest`. Mount a single endpoint
/// with `route_service`, not with `post(…)`.
///
/// ```
/// # fn example(sessions: tower_bearer::Sessions) -> axum::Router {
/// use axum::Router;
/// use serde_json::json;
///
/// let endpoints = sessions
///     .endpoints()
///     .with_token_response(|tokens, _request| json!({
///         "accessToken": tokens.access_token(),
///         "refreshToken": tokens.refresh_token(),
///         "user": tokens.claims().subject(),
///     }));
/// Router::new().nest_service("/auth", endpoints)
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AuthEndpoints {
    pub(super) state: Arc<State>,
}

impl AuthEndpoints {
    pub(crate) fn new(sessions: Sessions) -> Self {
        Self {
            state: Arc::new(State::new(sessions)),
        }
    }

    /// Sets the path at which the endpoints are mounted, as in `/auth`. A missing slash in front is
    /// added.
    ///
    /// Axum's `nest_service` removes the prefix before this service sees the request. A prefix that
    /// is still there is removed here, and a path without the prefix is used as it is. The paths in
    /// the document of `openapi` (feature `utoipa`) begin with the prefix.
    pub fn with_path(self, path: &str) -> Self {
        let path = path.trim_matches('/');
        let path = if path.is_empty() {
            String::new()
        } else {
            format!("/{path}")
        };
        self.map(|state| state.path = path)
    }

    /// Replaces the JSON of a login and a refresh: other names, an envelope, the user in it.
    ///
    /// The closure sees only what the body may have. If the response sets cookies, the closure sees
    /// no refresh token; if the access token is a cookie too, the access token is empty. Pass data
    /// of the application with [`Identity::with_response`](crate::Identity::with_response), and
    /// read it with [`TokenResponse::extra`]. Status, `Cache-Control` and cookies stay as they are.
    /// If the result does not fit JSON, the response is 500 without cookies, and the error is
    /// logged. A login has begun a session then, of which no client has a token.
    pub fn with_token_response<F, T>(self, shape: F) -> Self
    where
        F: Fn(&TokenResponse, &Parts) -> T + Send + Sync + 'static,
        T: Serialize,
    {
        let shape =
            move |tokens: &TokenResponse, parts: &Parts| serde_json::to_vec(&shape(tokens, parts));
        self.map(|state| state.tokens = Some(Arc::new(shape)))
    }

    /// Replaces the JSON of a logout, which is `{}`: `/logout` and `/logout-everywhere`. Status and
    /// `Cache-Control` stay as they are, and cookies are cleared.
    ///
    /// ```
    /// # fn example(sessions: tower_bearer::Sessions) -> tower_bearer::AuthEndpoints {
    /// use serde_json::json;
    ///
    /// sessions.endpoints().with_logout_response(|_request| json!({ "ok": true }))
    /// # }
    /// ```
    pub fn with_logout_response<F, T>(self, shape: F) -> Self
    where
        F: Fn(&Parts) -> T + Send + Sync + 'static,
        T: Serialize,
    {
        let shape = move |parts: &Parts| serde_json::to_vec(&shape(parts));
        self.map(|state| state.logout = Some(Arc::new(shape)))
    }

    /// Replaces the answer to every refused request of these endpoints, that of an unknown path, a
    /// wrong method and another site too.
    ///
    /// `Cache-Control: no-store` is always set, and `WWW-Authenticate`, `Retry-After` and `Allow`
    /// are added where the usual response has them and this one does not. The closure returns any
    /// [`IntoRejection`]: in Axum also a `Response`.
    ///
    /// ```
    /// # fn example(sessions: tower_bearer::Sessions) -> tower_bearer::AuthEndpoints {
    /// use serde_json::json;
    ///
    /// sessions.endpoints().with_rejection(|error, _request| {
    ///     (error.status(), json!({ "message": error.code() }))
    /// })
    /// # }
    /// ```
    pub fn with_rejection<F, R>(self, shape: F) -> Self
    where
        F: Fn(&EndpointError, &Parts) -> R + Send + Sync + 'static,
        R: IntoRejection,
    {
        let shape =
            move |error: &EndpointError, parts: &Parts| shape(error, parts).into_rejection();
        self.map(|state| state.rejection = Some(Arc::new(shape)))
    }

    /// Sets the status of a kind of error, for clients that expect another one than RFC 6749 says:
    /// 401 for wrong credentials, for example. A 401 gets the challenge `Bearer`, which it must
    /// have. For the end of a session the clients of this project take 400 and 401: with any other
    /// status they keep the tokens, and try again.
    ///
    /// # Panics
    ///
    /// If `status` is not from 400 to 599.
    #[track_caller]
    pub fn with_status(self, kind: SessionErrorKind, status: StatusCode) -> Self {
        assert!(
            status.is_client_error() || status.is_server_error(),
            "{status} is not an error status: use one from 400 to 599"
        );
        self.map(|state| state.statuses.push((kind, status)))
    }

    /// Returns the response to a request that the application's own handler refuses. It has the
    /// form of these endpoints' responses, and goes through their closure.
    #[must_use]
    pub fn reject(&self, error: impl Into<EndpointError>, parts: &Parts) -> Response<EndpointBody> {
        self.state
            .reject(error.into(), parts)
            .map(EndpointBody::from)
    }

    pub(super) fn map(mut self, change: impl FnOnce(&mut State)) -> Self {
        change(Arc::make_mut(&mut self.state));
        self
    }

    pub(super) fn route<B>(&self, request: &Request<B>) -> Option<Route> {
        let path = request.uri().path();
        let rest = path
            .strip_prefix(&self.state.path)
            .filter(|rest| rest.starts_with('/'));
        Route::of(rest.unwrap_or(path))
    }
}

impl Sessions {
    /// Returns the HTTP endpoints of these sessions: login, refresh, logout and the list of a
    /// user's sessions.
    pub fn endpoints(&self) -> AuthEndpoints {
        AuthEndpoints::new(self.clone())
    }
}

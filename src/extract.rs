//! For Axum handlers: [`CurrentUser`] as an argument, [`TokenResponse`] and [`SessionError`] as an answer.

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http_body_util::Full;

use crate::bearer::{Admission, BearerError, BearerErrorKind};
use crate::session::{SessionError, TokenResponse};
use crate::user::CurrentUser;

/// Demands a user. Without a token, in optional mode: 401, in the layer's own words. Without the layer: 500.
impl<S, U> FromRequestParts<S> for CurrentUser<U>
where
    S: Sync,
    U: Clone + Send + Sync + 'static,
{
    type Rejection = CurrentUserRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, CurrentUserRejection> {
        Self::from_extensions(&parts.extensions).map_err(|error| CurrentUserRejection::new(error, parts))
    }
}

/// `None` only where no token was sent; the layer must be in [optional mode](crate::BearerAuthLayer::optional).
impl<S, U> OptionalFromRequestParts<S> for CurrentUser<U>
where
    S: Sync,
    U: Clone + Send + Sync + 'static,
{
    type Rejection = CurrentUserRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, CurrentUserRejection> {
        match Self::from_extensions(&parts.extensions) {
            Ok(user) => Ok(Some(user)),
            Err(error) if error.kind() == BearerErrorKind::MissingToken => Ok(None),
            Err(error) => Err(CurrentUserRejection::new(error, parts)),
        }
    }
}

/// Why there is no [`CurrentUser`]: answered as the layer answers.
#[derive(Debug)]
pub struct CurrentUserRejection {
    error: BearerError,
    response: http::Response<Bytes>,
}

impl CurrentUserRejection {
    fn new(error: BearerError, parts: &Parts) -> Self {
        let response = Admission::rejection(&parts.extensions).refuse(error.clone(), parts);
        Self { error, response }
    }

    /// Why.
    #[must_use]
    pub fn error(&self) -> &BearerError {
        &self.error
    }
}

impl IntoResponse for CurrentUserRejection {
    fn into_response(self) -> Response {
        self.response.map(Full::new).into_response()
    }
}

/// For a login handler of the application's own, which returns `Result<TokenResponse, SessionError>`.
impl IntoResponse for TokenResponse {
    fn into_response(self) -> Response {
        self.to_response().map(Full::new).into_response()
    }
}

/// For a login handler of the application's own, which returns `Result<TokenResponse, SessionError>`.
impl IntoResponse for SessionError {
    fn into_response(self) -> Response {
        self.to_response().map(Full::new).into_response()
    }
}

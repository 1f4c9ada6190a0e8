//! The extractors of the caller, and [`BearerRejection`], their rejection.

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http_body_util::Full;

use crate::bearer::{AccessTokenWatch, BearerError, BearerErrorKind};
use crate::token::AccessTokenClaims;
use crate::user::CurrentUser;

/// The rejection of the extractors of the caller. Its response is the one that the layer would
/// send.
///
/// An extractor of the application makes one from a [`BearerError`]. It is rendered and logged when
/// it is made, by the layer that let the request through, with that layer's challenge and
/// [closure](crate::BearerAuthLayer::with_rejection).
///
/// ```
/// use axum::extract::FromRequestParts;
/// use http::request::Parts;
/// use tower_bearer::extract::BearerRejection;
/// use tower_bearer::{AccessTokenClaims, BearerError};
///
/// /// The company that a user works for.
/// struct Company(String);
///
/// impl<S: Sync> FromRequestParts<S> for Company {
///     type Rejection = BearerRejection;
///
///     async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, BearerRejection> {
///         let claims = AccessTokenClaims::from_request_parts(parts, state).await?;
///         match claims.claim("company") {
///             Ok(Some(company)) => Ok(Self(company)),
///             Ok(None) => Err(BearerRejection::new(BearerError::denied("no_company"), parts)),
///             Err(error) => {
///                 let error = BearerError::invalid_token().with_cause(error);
///                 Err(BearerRejection::new(error, parts))
///             }
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct BearerRejection {
    error: BearerError,
    response: Box<http::Response<Bytes>>,
}

impl BearerRejection {
    /// Rejects the request with this error.
    #[must_use]
    pub fn new(error: BearerError, request: &Parts) -> Self {
        let response = Box::new(error.clone().into_response_for(request));
        Self { error, response }
    }

    /// Returns the reason of the rejection.
    #[must_use]
    pub fn error(&self) -> &BearerError {
        &self.error
    }
}

impl IntoResponse for BearerRejection {
    fn into_response(self) -> Response {
        (*self.response).map(Full::new).into_response()
    }
}

/// Needs a user. A request without a token in optional mode is rejected with the layer's own 401. A
/// route without the layer answers 500.
impl<S, U> FromRequestParts<S> for CurrentUser<U>
where
    S: Sync,
    U: Clone + Send + Sync + 'static,
{
    type Rejection = BearerRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, BearerRejection> {
        needed(Self::from_extensions(&parts.extensions), parts)
    }
}

/// It is `None` only where no token was sent. The layer has to be in
/// [optional mode](crate::BearerAuthLayer::optional).
impl<S, U> OptionalFromRequestParts<S> for CurrentUser<U>
where
    S: Sync,
    U: Clone + Send + Sync + 'static,
{
    type Rejection = BearerRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _state: &S,
    ) -> Result<Option<Self>, BearerRejection> {
        optional(Self::from_extensions(&parts.extensions), parts)
    }
}

/// Needs a token, as [`CurrentUser`] does.
impl<S: Sync> FromRequestParts<S> for AccessTokenClaims {
    type Rejection = BearerRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, BearerRejection> {
        needed(claims(parts), parts)
    }
}

/// It is `None` only where no token was sent, as for [`CurrentUser`].
impl<S: Sync> OptionalFromRequestParts<S> for AccessTokenClaims {
    type Rejection = BearerRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _state: &S,
    ) -> Result<Option<Self>, BearerRejection> {
        optional(claims(parts), parts)
    }
}

/// Needs a token, as [`CurrentUser`] does.
impl<S: Sync> FromRequestParts<S> for AccessTokenWatch {
    type Rejection = BearerRejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, BearerRejection> {
        needed(AccessTokenWatch::of(&parts.extensions), parts)
    }
}

/// It is `None` only where no token was sent, as for [`CurrentUser`].
impl<S: Sync> OptionalFromRequestParts<S> for AccessTokenWatch {
    type Rejection = BearerRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        _state: &S,
    ) -> Result<Option<Self>, BearerRejection> {
        optional(AccessTokenWatch::of(&parts.extensions), parts)
    }
}

fn claims(parts: &Parts) -> Result<AccessTokenClaims, BearerError> {
    CurrentUser::from_extensions(&parts.extensions).map(|CurrentUser(claims)| claims)
}

fn needed<T>(found: Result<T, BearerError>, parts: &Parts) -> Result<T, BearerRejection> {
    found.map_err(|error| BearerRejection::new(error, parts))
}

fn optional<T>(found: Result<T, BearerError>, parts: &Parts) -> Result<Option<T>, BearerRejection> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == BearerErrorKind::MissingToken => Ok(None),
        Err(error) => Err(BearerRejection::new(error, parts)),
    }
}

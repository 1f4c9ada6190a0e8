//! Answers: [`TokenResponse`] and [`SessionError`] as HTTP, and what else an endpoint says. None of them may be stored.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::bearer::BearerError;
use crate::session::{SessionError, SessionErrorKind, TokenResponse};

impl TokenResponse {
    /// The answer of RFC 6749 section 5.1: 200, JSON, and not to be stored. Its body is the tokens: keep it out of logs.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        json_response(StatusCode::OK, self)
    }
}

impl SessionError {
    /// The status of the answer: 400; 503 where the store or the users cannot be asked; 500 where the grant cannot be.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.kind() {
            SessionErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            SessionErrorKind::Misconfigured => StatusCode::INTERNAL_SERVER_ERROR,
            // RFC 6749 section 5.2: 400 for wrong credentials too.
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The answer of RFC 6749 section 5.2: JSON with `error`, `error_description` and `reason`, not to be stored. 503 with `Retry-After`.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        if matches!(self.kind(), SessionErrorKind::Unavailable | SessionErrorKind::Misconfigured) {
            tracing::error!(cause = std::error::Error::source(self), kind = ?self.kind(), "login flow failed");
        }
        let mut response = error_response(self.status(), self.code(), &self.to_string(), self.reason());
        if self.kind() == SessionErrorKind::Unavailable {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Why an endpoint did not do what it was asked for.
#[derive(Debug)]
pub(super) enum Refused {
    Session(SessionError),
    /// With this answer, and its event in the log.
    Answered(Box<Response<Bytes>>),
    TooLarge,
    MediaType,
    NotFound,
    Method {
        allow: &'static str,
    },
}

impl From<SessionError> for Refused {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl Refused {
    pub(super) fn invalid_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Session(SessionError::invalid_request(detail))
    }

    pub(super) fn bearer(error: BearerError, parts: &Parts) -> Self {
        Self::Answered(Box::new(not_stored(error.to_response_for(parts))))
    }

    /// The layer's refusals and those of `Sessions` have left their event.
    fn is_logged(&self) -> bool {
        use SessionErrorKind::InvalidRequest;
        use SessionErrorKind::UnsupportedGrantType;
        match self {
            Self::Answered(_) => true,
            Self::Session(error) => !matches!(error.kind(), InvalidRequest | UnsupportedGrantType),
            _ => false,
        }
    }

    pub(super) fn into_response(self) -> Response<Bytes> {
        if !self.is_logged() {
            tracing::debug!(refused = ?self, "request refused");
        }
        let invalid = |status, description| error_response(status, "invalid_request", description, None);
        match self {
            Self::Session(error) => error.to_response(),
            Self::Answered(response) => *response,
            Self::TooLarge => invalid(StatusCode::PAYLOAD_TOO_LARGE, "the body is above 8 KiB"),
            Self::MediaType => {
                invalid(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is application/x-www-form-urlencoded or application/json")
            }
            Self::NotFound => invalid(StatusCode::NOT_FOUND, "there is nothing here"),
            Self::Method { allow } => {
                let mut response = invalid(StatusCode::METHOD_NOT_ALLOWED, "the method is not allowed here");
                response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
                response
            }
        }
    }
}

pub(super) fn json_response(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    // Our own types: text, numbers and lists always have a form in JSON.
    let body = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    not_stored(response)
}

/// RFC 6749 section 5.1, which wants `Pragma` as well.
pub(super) fn not_stored(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

pub(super) fn error_response(status: StatusCode, error: &str, description: &str, reason: Option<&str>) -> Response<Bytes> {
    let mut body = json!({ "error": error, "error_description": description });
    if let Some(reason) = reason {
        body["reason"] = reason.into();
    }
    json_response(status, &body)
}

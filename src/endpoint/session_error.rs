//! The response of a [`SessionError`].

use bytes::Bytes;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

use super::response::error_response;
use crate::session::{SessionError, SessionErrorKind};

impl SessionError {
    /// Returns the status of the response: 403 or the application's own for a denial, 429 after too
    /// many attempts, 503 if the store or the users cannot be asked, 500 if the application is
    /// misconfigured, and 400 otherwise.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.kind() {
            SessionErrorKind::Denied => self
                .denial()
                .map_or(StatusCode::FORBIDDEN, |denial| denial.status),
            SessionErrorKind::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            SessionErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            SessionErrorKind::Misconfigured => StatusCode::INTERNAL_SERVER_ERROR,
            // Wrong credentials are 400 too (RFC 6749 section 5.2).
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// Returns the response of RFC 6749 section 5.2: JSON with `error`, `error_description` and
    /// `reason`, with `Cache-Control: no-store`, and with `Retry-After` for 429, 503 and for a
    /// denial that has one.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        let mut response = error_response(
            self.status(),
            self.code(),
            self.description(),
            self.reason(),
        );
        if let Some(pause) = self.retry_after() {
            let seconds = pause.as_secs();
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if response.status() == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

//! Turns a [`BearerError`] into a response: status, challenge, headers and body.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};

use super::error::BearerError;
use super::error_kind::BearerErrorKind;
use super::protection::Protection;
use crate::json;

impl BearerError {
    /// Returns the status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.kind() {
            BearerErrorKind::MalformedToken | BearerErrorKind::TokenTooLarge => {
                StatusCode::BAD_REQUEST
            }
            BearerErrorKind::InsufficientScope => StatusCode::FORBIDDEN,
            BearerErrorKind::Denied => self.own_status().unwrap_or(StatusCode::FORBIDDEN),
            BearerErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            BearerErrorKind::Misconfigured => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// Returns whether the request was refused, which is a status below 500. Otherwise the server
    /// failed.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !self.status().is_server_error()
    }

    /// Returns the values of `WWW-Authenticate`, one for each header line (RFC 9110 section
    /// 11.6.1).
    ///
    /// There is none where other credentials would not help. Where they would help there is one
    /// today, and later versions may have more, as for proof-of-possession tokens.
    pub fn challenges(&self) -> impl Iterator<Item = HeaderValue> + use<> {
        self.bearer_challenge().into_iter()
    }

    fn bearer_challenge(&self) -> Option<HeaderValue> {
        let error = match self.kind() {
            BearerErrorKind::Unavailable | BearerErrorKind::Misconfigured => return None,
            // RFC 6750 section 3.1: no error code where no credentials were sent.
            BearerErrorKind::MissingToken => None,
            // RFC 9110 section 15.5.2: 401 has a challenge. RFC 6750 has no code for this one.
            BearerErrorKind::Denied if self.status() == StatusCode::UNAUTHORIZED => None,
            BearerErrorKind::Denied => return None,
            _ => Some(self.error_parameters()),
        };
        match self.protection() {
            Some(protection) => protection.challenge(error, self.scope()),
            None => Protection::default().challenge(error, self.scope()),
        }
    }

    fn error_parameters(&self) -> String {
        // RFC 6750 section 3. A description of the application may have other characters.
        let is_plain = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let (error, description) = (self.code(), self.description());
        let mut parameters = format!("error=\"{error}\"");
        if description.bytes().all(is_plain) {
            parameters.push_str(", error_description=\"");
            parameters.push_str(description);
            parameters.push('"');
        }
        if let Some(seconds) = self.max_age() {
            // RFC 9470 section 3.
            parameters.push_str(&format!(", max_age=\"{seconds}\""));
        }
        if let Some(values) = self
            .acr_values()
            .filter(|values| values.bytes().all(is_plain))
        {
            parameters.push_str(&format!(", acr_values=\"{values}\""));
        }
        parameters
    }

    /// Builds the usual response, for an application that replaces only a part of it.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        let mut response = json::error_response(
            self.status(),
            self.code(),
            self.description(),
            self.reason(),
        );
        self.complete(response.headers_mut());
        response
    }

    /// Adds the headers that every rejection needs, where they are missing: `WWW-Authenticate`,
    /// `Retry-After` and `Cache-Control`.
    pub(super) fn complete(&self, headers: &mut HeaderMap) {
        if !headers.contains_key(WWW_AUTHENTICATE) {
            for challenge in self.challenges() {
                headers.append(WWW_AUTHENTICATE, challenge);
            }
        }
        if let Some(pause) = self.retry_after() {
            headers.entry(RETRY_AFTER).or_insert(pause.as_secs().into());
        }
        headers
            .entry(CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
    }

    /// Returns the error code, as in `invalid_token` (RFC 6750 section 3.1).
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.kind() {
            BearerErrorKind::MissingToken => "unauthorized",
            BearerErrorKind::MalformedToken | BearerErrorKind::TokenTooLarge => "invalid_request",
            BearerErrorKind::InsufficientScope => "insufficient_scope",
            BearerErrorKind::InsufficientUserAuthentication => "insufficient_user_authentication",
            BearerErrorKind::Denied => "access_denied",
            BearerErrorKind::Unavailable => "temporarily_unavailable",
            BearerErrorKind::Misconfigured => "server_error",
            _ => "invalid_token",
        }
    }
}

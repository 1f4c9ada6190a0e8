//! [`EndpointError`] says why an endpoint refuses a request.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, ALLOW, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};

use super::cross_site::CrossSite;
use super::response::{error_response, not_stored};
use crate::bearer::{BearerError, BearerErrorKind};
use crate::session::{SessionError, SessionErrorKind};
use crate::shown::{OneLine, path};

/// Why an endpoint refuses a request. The closure of
/// [`AuthEndpoints::with_rejection`](crate::AuthEndpoints::with_rejection) turns it into a
/// response.
///
/// | kind | status | |
/// |---|---|---|
/// | [`Session`](EndpointErrorKind::Session) | 400, 403, 429, 500, 503 | the login, the refresh or the logout did not succeed: see [`session_error`](Self::session_error) |
/// | [`Bearer`](EndpointErrorKind::Bearer) | 400, 401, 403, 503 | the access token of the request: see [`bearer_error`](Self::bearer_error) |
/// | [`CrossSite`](EndpointErrorKind::CrossSite) | 403 | another site made a browser send this |
/// | [`NotFound`](EndpointErrorKind::NotFound) | 404 | |
/// | [`MethodNotAllowed`](EndpointErrorKind::MethodNotAllowed) | 405, `Allow` | |
/// | [`TooLarge`](EndpointErrorKind::TooLarge) | 413 | the body is above 8 KiB |
/// | [`UnsupportedMediaType`](EndpointErrorKind::UnsupportedMediaType) | 415 | |
#[derive(Clone, Debug)]
pub struct EndpointError {
    cause: Cause,
    /// The application's status, which replaces the usual one.
    status: Option<StatusCode>,
}

#[derive(Clone, Debug)]
enum Cause {
    Session(SessionError),
    Bearer(BearerError),
    CrossSite(CrossSite),
    NotFound,
    Method { allow: &'static str },
    TooLarge,
    MediaType,
    ContentEncoding,
}

/// The kinds of [`EndpointError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndpointErrorKind {
    /// The login, the refresh or the logout did not succeed, or the request is malformed.
    Session,
    /// The access token of the request was refused.
    Bearer,
    /// Another site made a browser send the request, or its page can never send the cookies back.
    CrossSite,
    /// There is no such endpoint, or the user has no such session.
    NotFound,
    /// The endpoint does not allow this method.
    MethodNotAllowed,
    /// The body is above 8 KiB.
    TooLarge,
    /// The body is neither a form nor JSON, or is compressed.
    UnsupportedMediaType,
}

impl EndpointError {
    pub(super) fn invalid_request(detail: impl Into<Cow<'static, str>>) -> Self {
        SessionError::invalid_request(detail).into()
    }

    /// Makes the error of a request that no page of ours made. `may_choose` says whether the client
    /// can have the tokens in the body instead.
    pub(super) fn cross_site(parts: &Parts, may_choose: bool) -> Self {
        Cause::CrossSite(CrossSite::of(parts, may_choose)).into()
    }

    /// Makes the error of a page that can never send the cookies back.
    #[cfg(feature = "cookie")]
    pub(super) fn cross_site_cookie(may_choose: bool) -> Self {
        Cause::CrossSite(CrossSite::cookie(may_choose)).into()
    }

    pub(super) fn not_found() -> Self {
        Cause::NotFound.into()
    }

    pub(super) fn method(allow: &'static str) -> Self {
        Cause::Method { allow }.into()
    }

    pub(super) fn too_large() -> Self {
        Cause::TooLarge.into()
    }

    pub(super) fn media_type() -> Self {
        Cause::MediaType.into()
    }

    pub(super) fn content_encoding() -> Self {
        Cause::ContentEncoding.into()
    }

    pub(super) fn set_status(&mut self, status: Option<StatusCode>) {
        self.status = status;
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> EndpointErrorKind {
        match self.cause {
            Cause::Session(_) => EndpointErrorKind::Session,
            Cause::Bearer(_) => EndpointErrorKind::Bearer,
            Cause::CrossSite(_) => EndpointErrorKind::CrossSite,
            Cause::NotFound => EndpointErrorKind::NotFound,
            Cause::Method { .. } => EndpointErrorKind::MethodNotAllowed,
            Cause::TooLarge => EndpointErrorKind::TooLarge,
            Cause::MediaType | Cause::ContentEncoding => EndpointErrorKind::UnsupportedMediaType,
        }
    }

    /// Returns the error of [`Sessions`](crate::Sessions), or of the form of the request.
    #[must_use]
    pub fn session_error(&self) -> Option<&SessionError> {
        match &self.cause {
            Cause::Session(error) => Some(error),
            _ => None,
        }
    }

    /// Returns the layer's error about the access token.
    #[must_use]
    pub fn bearer_error(&self) -> Option<&BearerError> {
        match &self.cause {
            Cause::Bearer(error) => Some(error),
            _ => None,
        }
    }

    /// Returns whether the request was refused. Otherwise the server failed, and the same request
    /// may succeed later.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !self.usual_status().is_server_error()
    }

    /// Returns the status of the response: the usual one, or what
    /// [`AuthEndpoints::with_status`](crate::AuthEndpoints::with_status) says.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status.unwrap_or_else(|| self.usual_status())
    }

    /// Returns the error code, as in `invalid_grant`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match &self.cause {
            Cause::Session(error) => error.code(),
            Cause::Bearer(error) => error.code(),
            Cause::CrossSite(_) => "access_denied",
            _ => "invalid_request",
        }
    }

    /// Returns a stable word for programs, as in `refresh_reused`.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match &self.cause {
            Cause::Session(error) => error.reason(),
            Cause::Bearer(error) => error.reason(),
            Cause::CrossSite(why) => Some(why.reason()),
            _ => None,
        }
    }

    /// Returns the sentence for people: the `error_description` of the response.
    #[must_use]
    pub fn description(&self) -> &str {
        match &self.cause {
            Cause::Session(error) => error.description(),
            Cause::Bearer(error) => error.description(),
            Cause::CrossSite(why) => why.description(),
            Cause::NotFound => "not found",
            Cause::Method { .. } => "the method is not allowed here",
            Cause::TooLarge => "the body is above 8 KiB",
            Cause::MediaType => {
                "the body is not application/x-www-form-urlencoded or application/json"
            }
            Cause::ContentEncoding => {
                "the body has a Content-Encoding, such as gzip: send it uncompressed"
            }
        }
    }

    /// Returns the whole seconds of `Retry-After`, where the response has it.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.cause {
            Cause::Session(error) => error.retry_after(),
            Cause::Bearer(error) => error.retry_after(),
            _ => None,
        }
    }

    /// Returns the usual response, for an application that replaces only a part of it.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        let mut response = match &self.cause {
            Cause::Session(error) => error.to_response(),
            Cause::Bearer(error) => not_stored(error.to_response()),
            _ => error_response(
                self.status(),
                self.code(),
                self.description(),
                self.reason(),
            ),
        };
        if let Cause::Method { allow } = self.cause {
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static(allow));
        }
        if matches!(self.cause, Cause::ContentEncoding) {
            // RFC 9110 section 12.5.3.
            response
                .headers_mut()
                .insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        self.with_own_status(response)
    }

    /// Logs the error unless it is already logged, and returns the usual response. For a refused
    /// access token that is the response of the layer that let the request through, if there is
    /// one.
    pub(super) fn refuse(&self, parts: &Parts) -> Response<Bytes> {
        self.refuse_client(parts, None)
    }

    /// Does the same, with the client in the line of a refused login.
    pub(super) fn refuse_client(&self, parts: &Parts, client: Option<IpAddr>) -> Response<Bytes> {
        match &self.cause {
            Cause::Bearer(error) => {
                return self.with_own_status(not_stored(error.clone().into_response_for(parts)));
            }
            Cause::CrossSite(why) => why.log(parts),
            Cause::Session(error)
                if !matches!(
                    error.kind(),
                    SessionErrorKind::InvalidRequest
                        | SessionErrorKind::MissingToken
                        | SessionErrorKind::InvalidScope
                        | SessionErrorKind::UnsupportedGrantType
                ) =>
            {
                error.log(client);
            }
            _ => tracing::info!(path = &*path(parts), refused = %OneLine(self), "request refused"),
        }
        self.to_response()
    }

    fn usual_status(&self) -> StatusCode {
        match &self.cause {
            Cause::Session(error) => error.status(),
            Cause::Bearer(error) => error.status(),
            Cause::CrossSite(_) => StatusCode::FORBIDDEN,
            Cause::NotFound => StatusCode::NOT_FOUND,
            Cause::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Cause::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Cause::MediaType | Cause::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }

    fn with_own_status(&self, mut response: Response<Bytes>) -> Response<Bytes> {
        if let Some(status) = self.status {
            *response.status_mut() = status;
            // A 401 must have a challenge (RFC 9110 section 15.5.2).
            if status == StatusCode::UNAUTHORIZED
                && !response.headers().contains_key(WWW_AUTHENTICATE)
            {
                response
                    .headers_mut()
                    .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
        }
        response
    }
}

impl From<Cause> for EndpointError {
    fn from(cause: Cause) -> Self {
        Self {
            cause,
            status: None,
        }
    }
}

/// Makes an error of each kind, for a test of a closure that replaces rejections. `Session` is a
/// malformed request, and `Bearer` one without an access token.
impl From<EndpointErrorKind> for EndpointError {
    fn from(kind: EndpointErrorKind) -> Self {
        match kind {
            EndpointErrorKind::Session => {
                SessionError::from(SessionErrorKind::InvalidRequest).into()
            }
            EndpointErrorKind::Bearer => BearerError::from(BearerErrorKind::MissingToken).into(),
            EndpointErrorKind::CrossSite => Cause::CrossSite(CrossSite::PAGE).into(),
            EndpointErrorKind::NotFound => Self::not_found(),
            EndpointErrorKind::MethodNotAllowed => Self::method("POST"),
            EndpointErrorKind::TooLarge => Self::too_large(),
            EndpointErrorKind::UnsupportedMediaType => Self::media_type(),
        }
    }
}

impl From<SessionError> for EndpointError {
    fn from(error: SessionError) -> Self {
        Cause::Session(error).into()
    }
}

impl From<BearerError> for EndpointError {
    fn from(error: BearerError) -> Self {
        Cause::Bearer(error).into()
    }
}

/// Writes the [`description`](EndpointError::description).
impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description())
    }
}

impl std::error::Error for EndpointError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.cause {
            Cause::Session(error) => error.source(),
            Cause::Bearer(error) => error.source(),
            _ => None,
        }
    }
}

//! [`BearerError`]: why a request was refused, and how that is said on the wire.
//!
//! The only place of the request flow that knows status codes and `WWW-Authenticate`.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use super::credentials::Malformed;
use crate::error::BoxError;
use crate::names::Scope;
use crate::token::{VerifyError, VerifyErrorKind};

/// Why a request was refused (RFC 6750 section 3).
///
/// | kind | status | `WWW-Authenticate` |
/// |---|---|---|
/// | `MissingToken` | 401 | `Bearer` |
/// | `MalformedToken` | 400 | `Bearer error="invalid_request"` |
/// | `InvalidToken`, `TokenExpired`, `SessionRevoked`, `UserGone` | 401 | `Bearer error="invalid_token"` |
/// | `InsufficientScope` | 403 | `Bearer error="insufficient_scope"`, `scope="…"` |
/// | `Unavailable` | 503, `Retry-After` | |
/// | `Misconfigured` | 500 | |
///
/// The body is JSON: `error`, `error_description`, and `reason`, a stable word for programs. Nothing in it comes from the request.
/// [`with_rejection`](crate::BearerAuthLayer::with_rejection) replaces it. A layer with a [`ProtectedResource`](crate::ProtectedResource) adds
/// `scope` and `resource_metadata` to every challenge.
#[derive(Clone)]
pub struct BearerError {
    kind: BearerErrorKind,
    /// For people, or for the log where it is the server's fault.
    description: Cow<'static, str>,
    scope: Option<Scope>,
    protection: Arc<Protection>,
    source: Option<Arc<BoxError>>,
}

/// What is protected, as every challenge of a layer says it.
#[derive(Clone, Debug, Default)]
pub(super) struct Protection {
    pub(super) realm: Option<Box<str>>,
    pub(super) resource_metadata: Option<Box<str>>,
    /// What every request needs.
    pub(super) scope: Option<Scope>,
}

/// The reasons for which a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BearerErrorKind {
    /// No credentials, or those of another scheme.
    MissingToken,
    /// Two tokens, two `Authorization` headers, or one that holds no token.
    MalformedToken,
    /// The token is none of ours, or not for us.
    InvalidToken,
    /// The token has expired: time to refresh.
    TokenExpired,
    /// The session was ended before the token was.
    SessionRevoked,
    /// [`LoadUser`](crate::LoadUser) no longer knows the user.
    UserGone,
    /// The token does not allow this.
    InsufficientScope,
    /// Users, revocations or the issuer's keys cannot be asked now.
    Unavailable,
    /// The layer is missing, or loads another type of user.
    Misconfigured,
}

impl BearerError {
    pub(crate) fn new(kind: BearerErrorKind) -> Self {
        let description = match kind {
            BearerErrorKind::MissingToken => "an access token is needed",
            BearerErrorKind::MalformedToken => "the Authorization header is malformed",
            BearerErrorKind::InvalidToken => "the access token is invalid",
            BearerErrorKind::TokenExpired => "the access token has expired",
            BearerErrorKind::SessionRevoked => "the session has ended",
            BearerErrorKind::UserGone => "the user is gone",
            BearerErrorKind::InsufficientScope => "the access token does not allow this",
            BearerErrorKind::Unavailable => "try again in a moment",
            BearerErrorKind::Misconfigured => "the server is misconfigured",
        };
        Self { kind, description: description.into(), scope: None, protection: Arc::default(), source: None }
    }

    pub(crate) fn insufficient_scope(needed: &Scope) -> Self {
        Self { scope: Some(needed.clone()), ..Self::new(BearerErrorKind::InsufficientScope) }
    }

    pub(crate) fn unavailable(cause: BoxError) -> Self {
        Self { source: Some(Arc::new(cause)), ..Self::new(BearerErrorKind::Unavailable) }
    }

    /// `cure` goes to the log, never to the client.
    pub(crate) fn misconfigured(cure: impl Into<Cow<'static, str>>) -> Self {
        Self { description: cure.into(), ..Self::new(BearerErrorKind::Misconfigured) }
    }

    pub(super) fn of(mut self, protection: &Arc<Protection>) -> Self {
        self.protection = Arc::clone(protection);
        self
    }

    /// What the client may read.
    pub(super) fn description(&self) -> &str {
        match self.kind {
            BearerErrorKind::Misconfigured => "the server is misconfigured",
            _ => &self.description,
        }
    }

    /// The reason.
    #[must_use]
    pub fn kind(&self) -> BearerErrorKind {
        self.kind
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.kind {
            BearerErrorKind::MalformedToken => StatusCode::BAD_REQUEST,
            BearerErrorKind::InsufficientScope => StatusCode::FORBIDDEN,
            BearerErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            BearerErrorKind::Misconfigured => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::UNAUTHORIZED,
        }
    }

    /// A stable word for programs, as in `token_expired`. `None` where the request is not at fault.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        Some(match self.kind {
            BearerErrorKind::MissingToken => "token_missing",
            BearerErrorKind::MalformedToken => "token_malformed",
            BearerErrorKind::InvalidToken => "token_invalid",
            BearerErrorKind::TokenExpired => "token_expired",
            BearerErrorKind::SessionRevoked => "session_revoked",
            BearerErrorKind::UserGone => "user_gone",
            BearerErrorKind::InsufficientScope => "scope_missing",
            BearerErrorKind::Unavailable | BearerErrorKind::Misconfigured => return None,
        })
    }

    /// The value of `WWW-Authenticate`. `None` where other credentials would not help.
    #[must_use]
    pub fn challenge(&self) -> Option<HeaderValue> {
        let error = match self.kind {
            BearerErrorKind::Unavailable | BearerErrorKind::Misconfigured => return None,
            // RFC 6750 section 3.1: no error code where no credentials were sent.
            BearerErrorKind::MissingToken => None,
            _ => Some(self.error()),
        };
        let Protection { realm, resource_metadata, scope } = &*self.protection;
        let named = |name: &str, value: Option<&str>| value.map(|value| format!("{name}=\"{value}\""));
        let error = error.map(|error| format!("error=\"{error}\", error_description=\"{}\"", self.description));
        // Whoever asks for just what is missing would lack the rest next time.
        let scope = match (&self.scope, scope) {
            (Some(missing), Some(needed)) => Some(needed.union(missing)),
            (missing, needed) => missing.clone().or_else(|| needed.clone()),
        };
        let scope = scope.as_ref().map(Scope::as_str);
        let parameters = [
            named("realm", realm.as_deref()),
            error,
            named("scope", scope),
            // RFC 9728 section 5.1.
            named("resource_metadata", resource_metadata.as_deref()),
        ];
        let parameters: Vec<String> = parameters.into_iter().flatten().collect();
        HeaderValue::try_from(format!("Bearer {}", parameters.join(", ")).trim_end()).ok()
    }

    /// The usual answer, for an application that replaces only a part of it.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        let mut body = json!({ "error": self.error(), "error_description": self.description() });
        if let Some(reason) = self.reason() {
            body["reason"] = reason.into();
        }
        let mut response = Response::new(Bytes::from(body.to_string()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if self.kind == BearerErrorKind::Unavailable {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    fn error(&self) -> &'static str {
        match self.kind {
            BearerErrorKind::MissingToken => "unauthorized",
            BearerErrorKind::MalformedToken => "invalid_request",
            BearerErrorKind::InsufficientScope => "insufficient_scope",
            BearerErrorKind::Unavailable => "temporarily_unavailable",
            BearerErrorKind::Misconfigured => "server_error",
            _ => "invalid_token",
        }
    }
}

impl From<VerifyError> for BearerError {
    fn from(error: VerifyError) -> Self {
        let kind = match error.kind() {
            VerifyErrorKind::Expired => BearerErrorKind::TokenExpired,
            VerifyErrorKind::KeysUnavailable => BearerErrorKind::Unavailable,
            _ => BearerErrorKind::InvalidToken,
        };
        Self { source: Some(Arc::new(error.into())), ..Self::new(kind) }
    }
}

impl From<Malformed> for BearerError {
    fn from(malformed: Malformed) -> Self {
        Self { description: malformed.description().into(), ..Self::new(BearerErrorKind::MalformedToken) }
    }
}

impl fmt::Display for BearerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description)
    }
}

impl fmt::Debug for BearerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerError").field("kind", &self.kind).field("source", &self.source).finish_non_exhaustive()
    }
}

impl std::error::Error for BearerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &***source as _)
    }
}

//! [`SessionError`] says why a login, a refresh or a logout did not succeed.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::denial::{Denial, denial_settings};
use crate::client_network::fields;
use crate::error::{BoxError, Busy};
use crate::limits::TimedOut;
use crate::refused_login::RefusedLogin;
use crate::shown::source;
use crate::store::StoreError;
use crate::token::{IdentityError, SignError};

/// Why a login, a refresh or a logout did not succeed.
///
/// In a response it is an error of RFC 6749 section 5.2, with a stable `reason`. The cause, if
/// there is one, goes to the log only.
#[derive(Clone)]
pub struct SessionError {
    kind: SessionErrorKind,
    /// A sentence for the client, or for the log if the server is at fault.
    detail: Option<Cow<'static, str>>,
    denial: Option<Box<Denial>>,
    /// How long to wait before the next attempt.
    retry_after: Option<Duration>,
    source: Option<Arc<BoxError>>,
    /// Whether the error is in the log already.
    is_logged: bool,
}

/// The kinds of [`SessionError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionErrorKind {
    /// The request is malformed: `invalid_request`.
    InvalidRequest,
    /// The request has no token where one is needed: `invalid_request`.
    MissingToken,
    /// The requested scope is malformed: `invalid_scope`.
    InvalidScope,
    /// `grant_type` is not one that this endpoint supports: `unsupported_grant_type`.
    UnsupportedGrantType,
    /// The user name or the password is wrong, without saying which: `invalid_grant`.
    InvalidCredentials,
    /// There were too many attempts at this account, or from this network:
    /// `temporarily_unavailable`. The password was not looked at.
    TooManyAttempts,
    /// The application refuses for its own reason: `access_denied`.
    Denied,
    /// The token is not a refresh token of these sessions: `invalid_grant`.
    InvalidToken,
    /// The session is unknown, too old, or was idle for too long: `invalid_grant`.
    SessionExpired,
    /// The session was revoked: `invalid_grant`.
    SessionRevoked,
    /// The refresh token had been used up, so the session has been ended: `invalid_grant`.
    RefreshTokenReused,
    /// The user is gone, or their credentials changed: `invalid_grant`.
    UserGone,
    /// The store or the users cannot be asked now: `temporarily_unavailable`. The refresh token
    /// still works afterwards.
    Unavailable,
    /// The application is misconfigured, or its grant is invalid: `server_error`.
    Misconfigured,
}

impl SessionError {
    /// Makes an error that the sessions log themselves, with what they know of it.
    pub(crate) fn new(kind: SessionErrorKind) -> Self {
        Self {
            kind,
            detail: None,
            denial: None,
            retry_after: None,
            source: None,
            is_logged: true,
        }
    }

    fn unlogged(kind: SessionErrorKind) -> Self {
        Self {
            is_logged: false,
            ..Self::new(kind)
        }
    }

    /// Makes an error for the application's own login handler: for a wrong second factor, for
    /// example. The response is 400 `invalid_grant`.
    #[must_use]
    pub fn invalid_credentials() -> Self {
        Self::unlogged(SessionErrorKind::InvalidCredentials)
    }

    /// Makes an error for a login handler that refuses for the application's own reason, as
    /// [`Outcome::denied`](crate::Outcome::denied) does. The response is 403 `access_denied` with
    /// this `reason`.
    ///
    /// ```
    /// use http::StatusCode;
    /// use tower_bearer::SessionError;
    ///
    /// let error = SessionError::denied("otp_required").with_status(StatusCode::UNAUTHORIZED);
    /// assert_eq!(error.status(), StatusCode::UNAUTHORIZED);
    /// assert_eq!(error.reason(), Some("otp_required"));
    /// ```
    ///
    /// # Panics
    ///
    /// If `reason` is not a word of at most 64 lower-case ASCII letters, digits and `_`.
    #[must_use]
    #[track_caller]
    pub fn denied(reason: &'static str) -> Self {
        Self {
            is_logged: false,
            ..Denial::new(reason).into()
        }
    }

    denial_settings!(#[must_use]);

    /// Makes the error of an attempt that the throttle refuses: 429 with `Retry-After`.
    pub(super) fn too_many_attempts(retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(SessionErrorKind::TooManyAttempts)
        }
    }

    /// Returns the whole seconds of `Retry-After`, where the response has it.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            SessionErrorKind::Unavailable => Some(Duration::from_secs(1)),
            SessionErrorKind::TooManyAttempts => self.retry_after,
            _ => self.denial().and_then(Denial::retry_after),
        }
    }

    /// Makes an error whose `cure` goes to the log, never to the client.
    pub(crate) fn misconfigured(cure: impl Into<Cow<'static, str>>) -> Self {
        Self {
            detail: Some(cure.into()),
            ..Self::unlogged(SessionErrorKind::Misconfigured)
        }
    }

    /// Makes an error for a login handler that cannot ask the application's users now. The response
    /// is 503, and the cause goes to the log only.
    #[must_use]
    pub fn unavailable(cause: impl Into<BoxError>) -> Self {
        Self::unlogged(SessionErrorKind::Unavailable).caused_by(cause)
    }

    pub(crate) fn caused_by(mut self, cause: impl Into<BoxError>) -> Self {
        self.source = Some(Arc::new(cause.into()));
        self
    }

    /// Makes an error whose `detail` goes to the client, so it must not repeat what the client
    /// sent.
    pub(crate) fn invalid_request(detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::new(SessionErrorKind::InvalidRequest)
        }
    }

    /// Makes the error of a request without a token. `detail` says where it could have been.
    pub(crate) fn missing_token(detail: &'static str) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::new(SessionErrorKind::MissingToken)
        }
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> SessionErrorKind {
        self.kind
    }

    /// Returns whether the request was refused. Otherwise the server failed, and the same request
    /// may succeed later.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !matches!(
            self.kind,
            SessionErrorKind::Unavailable | SessionErrorKind::Misconfigured
        )
    }

    pub(crate) fn denial(&self) -> Option<&Denial> {
        self.denial.as_deref()
    }

    fn denial_mut(&mut self) -> Option<&mut Denial> {
        self.denial.as_deref_mut()
    }

    /// Logs a fault where it is noticed, so that no caller has to. What is logged already is not
    /// logged again.
    pub(crate) fn logged(self) -> Self {
        self.logged_at(None)
    }

    /// Does the same, with the client in the line.
    pub(super) fn logged_at(mut self, client: Option<IpAddr>) -> Self {
        self.log(client);
        self.is_logged = true;
        self
    }

    /// Returns whether a response with this error says what became of a login: a refusal that no
    /// line says yet, or a failure, which is not a guess.
    pub(crate) fn says_why(&self) -> bool {
        !self.is_logged || !self.is_refusal()
    }

    /// Logs what is not logged yet: a fault, or a refusal of the application's own handler.
    pub(crate) fn log(&self, client: Option<IpAddr>) {
        if self.is_logged {
            return;
        }
        if self.is_refusal() {
            let reason = self.reason();
            RefusedLogin { client, reason }.log();
        } else {
            let (client, network) = fields(client);
            let cure = self.detail.as_deref();
            let (cause, kind) = (source(self), self.kind);
            if Busy::is_source_of(self) {
                tracing::debug!(client, network, cause, cure, ?kind, "login flow failed");
            } else {
                tracing::error!(client, network, cause, cure, ?kind, "login flow failed");
            }
        }
    }

    /// Returns the code of RFC 6749 section 5.2, as in `invalid_grant`. A denial is `access_denied`
    /// (section 4.1.2.1), so that clients which log out on `invalid_grant` keep their session.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.kind {
            SessionErrorKind::InvalidRequest | SessionErrorKind::MissingToken => "invalid_request",
            SessionErrorKind::InvalidScope => "invalid_scope",
            SessionErrorKind::UnsupportedGrantType => "unsupported_grant_type",
            SessionErrorKind::Denied => "access_denied",
            SessionErrorKind::Unavailable | SessionErrorKind::TooManyAttempts => {
                "temporarily_unavailable"
            }
            SessionErrorKind::Misconfigured => "server_error",
            _ => "invalid_grant",
        }
    }

    /// Returns a stable word for programs, as in `refresh_reused`, or the application's own word.
    /// It is `None` if neither the session nor the user is the reason.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        Some(match self.kind {
            SessionErrorKind::MissingToken => "token_missing",
            SessionErrorKind::InvalidCredentials => "credentials_invalid",
            SessionErrorKind::TooManyAttempts => "too_many_attempts",
            SessionErrorKind::Denied => self.denial.as_ref()?.reason,
            SessionErrorKind::InvalidToken => "token_invalid",
            SessionErrorKind::SessionExpired => "session_expired",
            SessionErrorKind::SessionRevoked => "session_revoked",
            SessionErrorKind::RefreshTokenReused => "refresh_reused",
            SessionErrorKind::UserGone => "user_gone",
            _ => return None,
        })
    }

    /// Returns the sentence for people: the `error_description` of the response.
    #[must_use]
    pub fn description(&self) -> &str {
        if let Some(detail) = self.detail.as_deref().filter(|_| self.is_refusal()) {
            return detail;
        }
        match self.kind {
            SessionErrorKind::Denied => self
                .denial()
                .and_then(|denial| denial.description.as_deref())
                .unwrap_or("the application refuses this"),
            SessionErrorKind::InvalidRequest => "the request is malformed",
            SessionErrorKind::MissingToken => "the request has no token",
            SessionErrorKind::InvalidScope => "the scope is malformed",
            SessionErrorKind::UnsupportedGrantType => "this grant type is not supported here",
            SessionErrorKind::InvalidCredentials => "wrong user name or password",
            SessionErrorKind::TooManyAttempts => "too many attempts: wait before the next one",
            SessionErrorKind::InvalidToken => "the refresh token is invalid",
            SessionErrorKind::SessionExpired => "the session has expired",
            SessionErrorKind::SessionRevoked => "the session has ended",
            SessionErrorKind::RefreshTokenReused => {
                "the refresh token was used before; the session has been ended"
            }
            SessionErrorKind::UserGone => "the user is gone, or their credentials changed",
            SessionErrorKind::Unavailable => "try again in a moment",
            SessionErrorKind::Misconfigured => "the server is misconfigured",
        }
    }
}

impl From<Denial> for SessionError {
    fn from(denial: Denial) -> Self {
        Self {
            denial: Some(Box::new(denial)),
            ..Self::new(SessionErrorKind::Denied)
        }
    }
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        Self::unavailable(error)
    }
}

impl From<TimedOut> for SessionError {
    fn from(timed_out: TimedOut) -> Self {
        Self::unavailable(timed_out)
    }
}

impl From<SignError> for SessionError {
    fn from(error: SignError) -> Self {
        Self::unlogged(SessionErrorKind::Misconfigured).caused_by(error)
    }
}

impl From<IdentityError> for SessionError {
    fn from(error: IdentityError) -> Self {
        Self::unlogged(SessionErrorKind::Misconfigured).caused_by(error)
    }
}

/// Makes an error of each kind, for a test of a closure that replaces rejections. It has no detail,
/// and `Denied` no reason.
impl From<SessionErrorKind> for SessionError {
    fn from(kind: SessionErrorKind) -> Self {
        Self::unlogged(kind)
    }
}

/// Writes the [`description`](SessionError::description).
impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.description())
    }
}

impl fmt::Debug for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionError")
            .field("kind", &self.kind)
            .field("detail", &self.detail)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for SessionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &***source as _)
    }
}

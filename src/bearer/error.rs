//! [`BearerError`] says why a request was refused. Its response is in `challenge.rs`.

mod step_up;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::credentials::Malformed;
use super::error_kind::BearerErrorKind;
use super::protection::Protection;
use crate::error::BoxError;
use crate::limits::retry_after;
use crate::names::{IntoScope, Scope};
use crate::token::{AccessTokenClaims, VerifyError, VerifyErrorKind};

/// Why a request was refused (RFC 6750 section 3).
///
/// | kind | status | `WWW-Authenticate` |
/// |---|---|---|
/// | `MissingToken` | 401 | `Bearer` |
/// | `MalformedToken`, `TokenTooLarge` | 400 | `Bearer error="invalid_request"` |
/// | `InvalidToken`, `TokenExpired`, `ProofNeeded`, `SessionRevoked`, `UserGone` | 401 | `Bearer error="invalid_token"` |
/// | `InsufficientScope` | 403 | `Bearer error="insufficient_scope"`, `scope="…"` |
/// | `InsufficientUserAuthentication` | 401 | `Bearer error="insufficient_user_authentication"`, `max_age="…"` or `acr_values="…"` |
/// | `Denied` | 403, or the application's | `Bearer` with 401, otherwise none |
/// | `Unavailable` | 503, `Retry-After` | |
/// | `Misconfigured` | 500 | |
///
/// The body is JSON: `error`, `error_description`, and `reason`, a stable word for programs.
/// Nothing in it comes from the request, and no cache may store it.
/// [`with_rejection`](crate::BearerAuthLayer::with_rejection) replaces it. A layer with a
/// [`ProtectedResource`](crate::bearer::ProtectedResource) adds `scope` and `resource_metadata` to
/// every challenge.
///
/// # In the application's own middleware
///
/// A middleware, a handler or an extractor behind the layer refuses a request with
/// [`into_response_for`](Self::into_response_for). The response has the layer's challenge, and goes
/// through its closure. In Axum, [`BearerRejection`](crate::extract::BearerRejection) is a
/// rejection that does so.
///
/// ```
/// use http::request::Parts;
/// use tower_bearer::{AccessTokenClaims, BearerError};
///
/// /// Lets only users with a paid plan pass.
/// fn check_plan(parts: &Parts) -> Result<(), http::Response<bytes::Bytes>> {
///     let claims = AccessTokenClaims::from_extensions(&parts.extensions);
///     let refusal = match claims {
///         None => BearerError::missing_token(),
///         Some(claims) if claims.scope().contains("paid") => return Ok(()),
///         Some(_) => BearerError::denied("payment_required")
///             .with_status(http::StatusCode::PAYMENT_REQUIRED),
///     };
///     Err(refusal.into_response_for(parts))
/// }
/// # let parts = http::Request::new(()).into_parts().0;
/// # assert_eq!(check_plan(&parts).unwrap_err().status(), 401);
/// ```
///
/// A test of a closure makes an error of each kind with
/// `BearerError::from(BearerErrorKind::TokenExpired)`.
#[derive(Clone)]
pub struct BearerError {
    kind: BearerErrorKind,
    malformed: Option<Malformed>,
    /// Whether the source has logged its failure itself, once and not for each request.
    is_logged: bool,
    cause: Option<Cause>,
    /// Those of the token, where an `OnRefusal` is told whose it was.
    pub(super) claims: Option<AccessTokenClaims>,
    /// Everything that most errors lack, so that the refusal of a token allocates nothing here.
    special: Option<Box<Special>>,
}

#[derive(Clone)]
enum Cause {
    Token(VerifyError),
    Other(Arc<BoxError>),
}

/// Everything that makes the response to an error another one than that of its kind.
#[derive(Clone, Default)]
struct Special {
    /// A sentence for people, or for the log if the server is at fault.
    description: Option<Cow<'static, str>>,
    /// The application's own word for programs.
    reason: Option<Cow<'static, str>>,
    /// The application's own status.
    status: Option<StatusCode>,
    retry_after: Option<Duration>,
    scope: Option<Scope>,
    /// How many seconds ago the user may have authenticated.
    max_age: Option<u64>,
    /// The ways in which the user may authenticate.
    acr_values: Option<Cow<'static, str>>,
    protection: Option<Arc<Protection>>,
}

impl BearerError {
    /// Makes a 401: the request has no token, but needs one. The challenge does not name an error
    /// (RFC 6750 section 3.1).
    #[must_use]
    pub fn missing_token() -> Self {
        BearerErrorKind::MissingToken.into()
    }

    /// Makes a 401 `invalid_token`: the token is refused, for a reason that the client does not
    /// learn.
    #[must_use]
    pub fn invalid_token() -> Self {
        BearerErrorKind::InvalidToken.into()
    }

    /// Makes a 403 `insufficient_scope`: the token lacks at least one word of `scope`. The
    /// challenge names all of them (RFC 6750 section 3.1).
    ///
    /// # Panics
    ///
    /// If `scope` is a literal that is not a scope.
    #[must_use]
    #[track_caller]
    pub fn insufficient_scope(scope: impl IntoScope) -> Self {
        let scope = scope.into_scope();
        Self::from(BearerErrorKind::InsufficientScope).map(|special| special.scope = Some(scope))
    }

    /// Makes a 403 `access_denied`: a rule of the application refuses this, whatever the scope
    /// says.
    ///
    /// `reason` is a stable word for programs, as in `email_unverified`. Clients can read it, so it
    /// should not repeat what a request said.
    #[must_use]
    pub fn denied(reason: impl Into<Cow<'static, str>>) -> Self {
        let reason = reason.into();
        Self::from(BearerErrorKind::Denied).map(|special| special.reason = Some(reason))
    }

    /// Makes a 503 with `Retry-After`: the application cannot decide now. `cause` goes to the log,
    /// never to the client.
    #[must_use]
    pub fn unavailable(cause: impl Into<BoxError>) -> Self {
        Self::from(BearerErrorKind::Unavailable).with_cause(cause)
    }

    /// Makes a 503 for a token whose key cannot be fetched. The task that fetches the keys logs
    /// why, so a flood of forged tokens does not become a flood of errors.
    pub(super) fn keys_unavailable(cause: impl Into<BoxError>) -> Self {
        Self {
            is_logged: true,
            ..Self::unavailable(cause)
        }
    }

    /// Makes a 500: the application is misconfigured. `cure` goes to the log, never to the client.
    #[must_use]
    pub fn misconfigured(cure: impl Into<Cow<'static, str>>) -> Self {
        let cure = cure.into();
        Self::from(BearerErrorKind::Misconfigured).map(|special| special.description = Some(cure))
    }

    /// Sets the status of an error that was [`denied`](Self::denied). The statuses of other errors
    /// come from RFC 6750, and do not change. A status below 400 would mean success to the client,
    /// so it becomes 403.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        let status = if status.as_u16() < 400 {
            StatusCode::FORBIDDEN
        } else {
            status
        };
        if self.kind == BearerErrorKind::Denied {
            self.map(|special| special.status = Some(status))
        } else {
            self
        }
    }

    /// Sets the sentence for people: the `error_description` of the body. It does not change that
    /// of a misconfiguration.
    #[must_use]
    pub fn with_description(self, description: impl Into<Cow<'static, str>>) -> Self {
        if self.kind == BearerErrorKind::Misconfigured {
            self
        } else {
            self.map(|special| special.description = Some(description.into()))
        }
    }

    /// Sets when the client may try again: the `Retry-After` of the response, in whole seconds,
    /// rounded up.
    #[must_use]
    pub fn with_retry_after(self, pause: Duration) -> Self {
        self.map(|special| special.retry_after = Some(pause))
    }

    /// Sets the cause, which goes to the log together with the reason, and never to the client.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<BoxError>) -> Self {
        self.cause = Some(Cause::Other(Arc::new(cause.into())));
        self
    }

    /// Sets what the challenges of the layer say.
    pub(super) fn with_protection(self, protection: &Arc<Protection>) -> Self {
        self.map(|special| special.protection = Some(Arc::clone(protection)))
    }

    fn map(mut self, change: impl FnOnce(&mut Special)) -> Self {
        change(self.special.get_or_insert_default());
        self
    }

    /// Returns the kind of the error.
    #[must_use]
    pub fn kind(&self) -> BearerErrorKind {
        self.kind
    }

    /// Returns a stable word for programs, as in `token_expired`, or the application's own if it
    /// [`denied`](Self::denied) the request. It is `None` if the server failed.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        let usual = self.kind.reason()?;
        let own = self.special().and_then(|special| special.reason.as_deref());
        Some(own.unwrap_or(usual))
    }

    /// Returns a sentence for people, which the client may read. The `Display` of the error is for
    /// the log: it says how to fix a misconfiguration.
    #[must_use]
    pub fn description(&self) -> &str {
        match self.kind {
            BearerErrorKind::Misconfigured => self.kind.description(),
            _ => self.sentence(),
        }
    }

    /// Returns the sentence for people, or for the log if the server is at fault.
    fn sentence(&self) -> &str {
        let own = self
            .special()
            .and_then(|special| special.description.as_deref());
        own.unwrap_or_else(|| match self.malformed {
            Some(malformed) => malformed.description(),
            None => self.kind.description(),
        })
    }

    /// Returns why the token did not pass its checks, if that is the reason: for metrics, or a
    /// response of the application's own. The usual response tells the client less.
    ///
    /// ```
    /// use tower_bearer::BearerError;
    /// use tower_bearer::token::{VerifyError, VerifyErrorKind};
    ///
    /// fn is_misconfigured(error: &BearerError) -> bool {
    ///     let kind = error.verify_error().map(VerifyError::kind);
    ///     matches!(kind, Some(VerifyErrorKind::WrongAudience | VerifyErrorKind::WrongIssuer))
    /// }
    /// # assert!(!is_misconfigured(&BearerError::missing_token()));
    /// ```
    #[must_use]
    pub fn verify_error(&self) -> Option<&VerifyError> {
        match self.cause.as_ref()? {
            Cause::Token(error) => Some(error),
            Cause::Other(cause) => cause.downcast_ref(),
        }
    }

    pub(super) fn is_logged(&self) -> bool {
        self.is_logged
    }

    /// Returns the number of the response, if it is the same for every error with that number. It
    /// is below [`USUAL`](Self::USUAL).
    pub(super) fn usual(&self) -> Option<usize> {
        if self.special.is_some() {
            return None;
        }
        Some(match self.malformed {
            Some(malformed) => KINDS + malformed as usize,
            None => self.kind as usize,
        })
    }

    /// The number of responses that are always the same.
    pub(super) const USUAL: usize = KINDS + Malformed::SeveralTokens as usize + 1;

    fn special(&self) -> Option<&Special> {
        self.special.as_deref()
    }

    /// Returns the application's own status.
    pub(super) fn own_status(&self) -> Option<StatusCode> {
        self.special()?.status
    }

    /// Returns the whole seconds of `Retry-After`, where the response has it.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let usual = (self.kind == BearerErrorKind::Unavailable).then_some(Duration::ZERO);
        let own = self.special().and_then(|special| special.retry_after);
        own.or(usual).map(retry_after)
    }

    pub(super) fn scope(&self) -> Option<&Scope> {
        self.special()?.scope.as_ref()
    }

    /// Returns what the challenges of the layer say, if an application's closure sees the error.
    pub(super) fn protection(&self) -> Option<&Protection> {
        self.special()?.protection.as_deref()
    }
}

/// Makes an error of each kind, for a test of a closure that replaces rejections.
impl From<BearerErrorKind> for BearerError {
    fn from(kind: BearerErrorKind) -> Self {
        Self {
            kind,
            malformed: None,
            is_logged: false,
            cause: None,
            claims: None,
            special: None,
        }
    }
}

impl From<VerifyError> for BearerError {
    fn from(error: VerifyError) -> Self {
        let kind = match error.kind() {
            VerifyErrorKind::Expired => BearerErrorKind::TokenExpired,
            VerifyErrorKind::ProofNeeded => BearerErrorKind::ProofNeeded,
            VerifyErrorKind::TooLarge => BearerErrorKind::TokenTooLarge,
            VerifyErrorKind::KeysUnavailable => BearerErrorKind::Unavailable,
            _ => BearerErrorKind::InvalidToken,
        };
        Self {
            // The task that fetches the keys has logged why.
            is_logged: kind == BearerErrorKind::Unavailable,
            cause: Some(Cause::Token(error)),
            ..Self::from(kind)
        }
    }
}

impl From<Malformed> for BearerError {
    fn from(malformed: Malformed) -> Self {
        Self {
            malformed: Some(malformed),
            ..Self::from(BearerErrorKind::MalformedToken)
        }
    }
}

impl fmt::Display for BearerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl fmt::Debug for BearerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerError")
            .field("kind", &self.kind)
            .field("source", &std::error::Error::source(self))
            .finish_non_exhaustive()
    }
}

impl std::error::Error for BearerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self.cause.as_ref()? {
            Cause::Token(error) => Some(error),
            Cause::Other(cause) => Some(&***cause),
        }
    }
}

const KINDS: usize = BearerErrorKind::Misconfigured as usize + 1;

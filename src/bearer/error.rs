//! [`BearerError`]: why a request was refused. How that is said on the wire is in `challenge.rs`.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::credentials::Malformed;
use super::error_kind::BearerErrorKind;
use super::protection::Protection;
use crate::error::BoxError;
use crate::names::{IntoScope, Scope};
use crate::token::{VerifyError, VerifyErrorKind};

/// Why a request was refused (RFC 6750 section 3).
///
/// | kind | status | `WWW-Authenticate` |
/// |---|---|---|
/// | `MissingToken` | 401 | `Bearer` |
/// | `MalformedToken` | 400 | `Bearer error="invalid_request"` |
/// | `InvalidToken`, `TokenExpired`, `ProofNeeded`, `SessionRevoked`, `UserGone` | 401 | `Bearer error="invalid_token"` |
/// | `InsufficientScope` | 403 | `Bearer error="insufficient_scope"`, `scope="…"` |
/// | `Denied` | 403, or the application's | `Bearer` with 401, otherwise none |
/// | `Unavailable` | 503, `Retry-After` | |
/// | `Misconfigured` | 500 | |
///
/// The body is JSON: `error`, `error_description`, and `reason`, a stable word for programs.
/// Nothing in it comes from the request, and no cache may store it.
/// [`with_rejection`](crate::BearerAuthLayer::with_rejection) replaces it. A layer with a
/// [`ProtectedResource`](crate::bearer::ProtectedResource) adds `scope` and `resource_metadata` to every
/// challenge.
///
/// # In middleware of the application's own
///
/// A middleware, a handler or an extractor behind the layer refuses a request in the layer's words,
/// and through its closure, with [`into_response_for`](Self::into_response_for). In Axum,
/// [`BearerRejection`](crate::extract::BearerRejection) is a rejection that does so.
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
///         Some(_) => BearerError::denied("payment_required").with_status(http::StatusCode::PAYMENT_REQUIRED),
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
pub struct BearerError(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: BearerErrorKind,
    /// For people, or for the log if the server is at fault.
    description: Cow<'static, str>,
    /// The application's own word.
    reason: Option<Cow<'static, str>>,
    /// The application's own status.
    status: Option<StatusCode>,
    retry_after: Option<Duration>,
    scope: Option<Scope>,
    protection: Arc<Protection>,
    source: Option<Arc<BoxError>>,
}

impl BearerError {
    /// 401: the request carries no token, and this needs one. The challenge names no error (RFC
    /// 6750 section 3.1).
    #[must_use]
    pub fn missing_token() -> Self {
        BearerErrorKind::MissingToken.into()
    }

    /// 401 `invalid_token`: the token does not count, for a reason that is not the client's
    /// business.
    #[must_use]
    pub fn invalid_token() -> Self {
        BearerErrorKind::InvalidToken.into()
    }

    /// 403 `insufficient_scope`: the token lacks at least one word of `scope`. The challenge names
    /// all of them (RFC 6750 section 3.1).
    ///
    /// # Panics
    ///
    /// If `scope` is a literal that is not a scope.
    #[must_use]
    #[track_caller]
    pub fn insufficient_scope(scope: impl IntoScope) -> Self {
        let scope = scope.into_scope();
        Self::from(BearerErrorKind::InsufficientScope).map(|inner| inner.scope = Some(scope))
    }

    /// 403 `access_denied`: a rule of the application refuses this, whatever the scope says.
    ///
    /// `reason` is a stable word for programs, as in `email_unverified`. Clients can read it, so it
    /// should not repeat what a request said.
    #[must_use]
    pub fn denied(reason: impl Into<Cow<'static, str>>) -> Self {
        let reason = reason.into();
        Self::from(BearerErrorKind::Denied).map(|inner| inner.reason = Some(reason))
    }

    /// 503 with `Retry-After`: the application cannot decide now. `cause` goes to the log, never to
    /// the client.
    #[must_use]
    pub fn unavailable(cause: impl Into<BoxError>) -> Self {
        Self::from(BearerErrorKind::Unavailable).with_cause(cause)
    }

    /// 500: the application is put together in a way that cannot work. `cure` goes to the log,
    /// never to the client.
    #[must_use]
    pub fn misconfigured(cure: impl Into<Cow<'static, str>>) -> Self {
        let cure = cure.into();
        Self::from(BearerErrorKind::Misconfigured).map(|inner| inner.description = cure)
    }

    /// Another status, for an error that was [`denied`](Self::denied); the others have theirs from
    /// RFC 6750. A status below 400 would tell the client that all is well, so it becomes 403.
    #[must_use]
    pub fn with_status(self, status: StatusCode) -> Self {
        let status = if status.as_u16() < 400 {
            StatusCode::FORBIDDEN
        } else {
            status
        };
        self.map(|inner| {
            if inner.kind == BearerErrorKind::Denied {
                inner.status = Some(status);
            }
        })
    }

    /// Another sentence for people: the `error_description` of the body. An error that is the
    /// server's fault keeps its own.
    #[must_use]
    pub fn with_description(self, description: impl Into<Cow<'static, str>>) -> Self {
        self.map(|inner| {
            if inner.kind != BearerErrorKind::Misconfigured {
                inner.description = description.into();
            }
        })
    }

    /// When the client may try again: the `Retry-After` of the response, in whole seconds, rounded
    /// up.
    #[must_use]
    pub fn with_retry_after(self, pause: Duration) -> Self {
        self.map(|inner| inner.retry_after = Some(pause))
    }

    /// The cause, which goes to the log beside the reason, and never to the client.
    #[must_use]
    pub fn with_cause(self, cause: impl Into<BoxError>) -> Self {
        let cause = Arc::new(cause.into());
        self.map(|inner| inner.source = Some(cause))
    }

    /// The layer's words: what its challenges say.
    pub(super) fn with_protection(self, protection: &Arc<Protection>) -> Self {
        self.map(|inner| inner.protection = Arc::clone(protection))
    }

    fn map(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(&mut self.0);
        self
    }

    /// The reason.
    #[must_use]
    pub fn kind(&self) -> BearerErrorKind {
        self.0.kind
    }

    /// A stable word for programs, as in `token_expired`, or the application's own where it
    /// [`denied`](Self::denied) the request. `None` if the request is not at fault.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        let usual = self.0.kind.reason()?;
        Some(self.0.reason.as_deref().unwrap_or(usual))
    }

    /// A sentence for people that the client may read. The `Display` of the error is for the log:
    /// it says how to cure a misconfiguration.
    #[must_use]
    pub fn description(&self) -> &str {
        match self.0.kind {
            BearerErrorKind::Misconfigured => self.0.kind.description(),
            _ => &self.0.description,
        }
    }

    /// The application's own status.
    pub(super) fn own_status(&self) -> Option<StatusCode> {
        self.0.status
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        let usual = (self.0.kind == BearerErrorKind::Unavailable).then_some(Duration::from_secs(1));
        self.0.retry_after.or(usual)
    }

    pub(super) fn scope(&self) -> Option<&Scope> {
        self.0.scope.as_ref()
    }

    pub(super) fn protection(&self) -> &Protection {
        &self.0.protection
    }
}

/// An error of each kind, for a test of a closure that replaces refusals.
impl From<BearerErrorKind> for BearerError {
    fn from(kind: BearerErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            description: kind.description().into(),
            reason: None,
            status: None,
            retry_after: None,
            scope: None,
            protection: Arc::default(),
            source: None,
        }))
    }
}

impl From<VerifyError> for BearerError {
    fn from(error: VerifyError) -> Self {
        let kind = match error.kind() {
            VerifyErrorKind::Expired => BearerErrorKind::TokenExpired,
            VerifyErrorKind::ProofNeeded => BearerErrorKind::ProofNeeded,
            VerifyErrorKind::KeysUnavailable => BearerErrorKind::Unavailable,
            _ => BearerErrorKind::InvalidToken,
        };
        Self::from(kind).with_cause(error)
    }
}

impl From<Malformed> for BearerError {
    fn from(malformed: Malformed) -> Self {
        Self::from(BearerErrorKind::MalformedToken).with_description(malformed.description())
    }
}

impl fmt::Display for BearerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.description)
    }
}

impl fmt::Debug for BearerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerError")
            .field("kind", &self.0.kind)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for BearerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| &***source as _)
    }
}

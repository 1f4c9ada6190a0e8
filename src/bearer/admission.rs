//! [`Admission`]: the one extension that the layer leaves in a request that it lets through.

use std::any::{Any, type_name};
use std::sync::Arc;

use http::Extensions;

use super::challenge::{BearerError, BearerErrorKind};
use super::gate::Gate;
use super::rejection::Rejection;
use super::user_loader::LoadedUser;
use crate::token::AccessTokenClaims;
use crate::user::CurrentUser;

/// Who was let through, and by which gate.
#[derive(Clone)]
pub(crate) struct Admission {
    /// `None`: nobody, in optional mode.
    pub(super) claims: Option<AccessTokenClaims>,
    pub(super) user: Option<LoadedUser>,
    pub(super) gate: Arc<Gate>,
}

impl Admission {
    /// What the layer left, or the error that names the cure.
    pub(super) fn of(extensions: &Extensions) -> Result<&Self, BearerError> {
        extensions.get().ok_or_else(|| {
            BearerError::misconfigured(
                "no BearerAuthLayer saw this request. Wrap the route with `.route_layer(sessions.layer())`",
            )
        })
    }

    /// How the layer that let this request through refuses; without one, as usual.
    pub(crate) fn rejection(extensions: &Extensions) -> Rejection {
        Self::of(extensions).map(|admission| admission.gate.rejection.clone()).unwrap_or_default()
    }

    pub(super) fn claims(&self) -> Result<&AccessTokenClaims, BearerError> {
        self.claims.as_ref().ok_or_else(|| BearerError::new(BearerErrorKind::MissingToken))
    }

    pub(crate) fn into_claims(self) -> Result<AccessTokenClaims, BearerError> {
        self.claims().cloned()
    }

    fn user<U: Clone + Send + Sync + 'static>(&self) -> Result<U, BearerError> {
        let claims = self.claims()?;
        // `CurrentUser` without a type asks for the claims.
        if let Some(claims) = (claims as &dyn Any).downcast_ref::<U>() {
            return Ok(claims.clone());
        }
        let asked = type_name::<U>();
        let loaded = self.user.as_ref().ok_or_else(|| {
            BearerError::misconfigured(format!(
                "a handler asks for CurrentUser<{asked}>, and the layer loads no user. Add `.with_user_loader(…)` to the layer"
            ))
        })?;
        loaded.user.downcast_ref::<U>().cloned().ok_or_else(|| {
            BearerError::misconfigured(format!(
                "a handler asks for CurrentUser<{asked}>, and the layer loads {}. Use one type in both",
                loaded.type_name
            ))
        })
    }
}

impl AccessTokenClaims {
    /// The claims that [`BearerAuthLayer`](crate::BearerAuthLayer) left in a request's extensions.
    ///
    /// `None` without the layer, and in optional mode without a token.
    ///
    /// ```
    /// use tower_bearer::AccessTokenClaims;
    ///
    /// fn greeting<B>(request: &http::Request<B>) -> String {
    ///     match AccessTokenClaims::from_extensions(request.extensions()) {
    ///         Some(claims) => format!("hello, {}", claims.subject()),
    ///         None => "hello, stranger".to_owned(),
    ///     }
    /// }
    /// # assert_eq!(greeting(&http::Request::new(())), "hello, stranger");
    /// ```
    #[must_use]
    pub fn from_extensions(extensions: &Extensions) -> Option<&Self> {
        extensions.get::<Admission>()?.claims.as_ref()
    }
}

impl<U: Clone + Send + Sync + 'static> CurrentUser<U> {
    /// The user that [`BearerAuthLayer`](crate::BearerAuthLayer) left in a request's extensions. What the extractor does, without Axum.
    ///
    /// # Errors
    ///
    /// `MissingToken` in optional mode without a token. `Misconfigured` without the layer, or where its loader has another type; the text
    /// of the error names the cure.
    pub fn from_extensions(extensions: &Extensions) -> Result<Self, BearerError> {
        Admission::of(extensions)?.user().map(Self)
    }
}

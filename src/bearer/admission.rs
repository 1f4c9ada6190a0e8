//! [`Admission`] is what the layer leaves in a request that it lets through.

use std::any::{Any, type_name};
use std::iter;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Extensions, Response};

use super::error::BearerError;
use super::error_kind::BearerErrorKind;
use super::found::Found;
use super::gate::Gate;
use super::rejection::Rejection;
use super::source::Taken;
use crate::token::AccessTokenClaims;
use crate::user::CurrentUser;

/// The caller that was let through, and the gate that did so.
#[derive(Clone)]
pub(crate) struct Admission {
    /// `None` for a request that was let through without a token.
    pub(super) claims: Option<AccessTokenClaims>,
    pub(super) typed_claims: Option<Found>,
    pub(super) user: Option<Found>,
    pub(super) gate: Arc<Gate>,
    /// How the token was taken out of the request, here or further out.
    pub(super) taken: Option<Taken>,
    /// The admission of a layer further out.
    pub(super) outer: Option<Arc<Admission>>,
}

impl Admission {
    /// Returns the admission, or an error that says how to fix its absence.
    pub(super) fn of(extensions: &Extensions) -> Result<&Self, BearerError> {
        extensions.get().ok_or_else(|| {
            BearerError::misconfigured(
                "no BearerAuthLayer saw this request. Wrap the route with \
                 `.route_layer(sessions.layer())`, after each RequireLayer: a layer that is added \
                 later is further out. A fallback needs `.layer(sessions.layer())`",
            )
        })
    }

    /// Leaves the admission in the request. It is one extension with everything in it, because each
    /// one is an allocation: where there are no others, it takes three.
    pub(super) fn leave(self, extensions: &mut Extensions) {
        extensions.insert(self);
    }

    pub(super) fn claims(&self) -> Result<&AccessTokenClaims, BearerError> {
        self.claims
            .as_ref()
            .ok_or_else(|| BearerErrorKind::MissingToken.into())
    }

    pub(crate) fn into_claims(self) -> Result<AccessTokenClaims, BearerError> {
        self.claims().cloned()
    }

    /// Returns this admission, and those of the layers further out.
    pub(super) fn all(&self) -> impl Iterator<Item = &Self> {
        iter::successors(Some(self), |admission| admission.outer.as_deref())
    }

    fn user<U: Clone + Send + Sync + 'static>(&self) -> Result<U, BearerError> {
        let claims = self.claims()?;
        // `CurrentUser` without a type asks for the claims.
        if let Some(claims) = (claims as &dyn Any).downcast_ref::<U>() {
            return Ok(claims.clone());
        }
        let found = || self.user.iter().chain(&self.typed_claims);
        if let Some(user) = found().find_map(Found::get) {
            return Ok(user);
        }
        let asked = type_name::<U>();
        let has = found()
            .map(Found::type_name)
            .collect::<Vec<_>>()
            .join(" and ");
        Err(BearerError::misconfigured(if has.is_empty() {
            format!(
                "a handler asks for CurrentUser<{asked}>, and the layer loads no user. Add \
                 `.with_user_loader(…)` to the layer, or `.with_typed_claims::<…>()`"
            )
        } else {
            format!(
                "a handler asks for CurrentUser<{asked}>, and the layer loads {has}. Use one \
                 type in both"
            )
        }))
    }
}

impl BearerError {
    /// Refuses a request that [`BearerAuthLayer`](crate::BearerAuthLayer) has let through. The
    /// response has that layer's challenge and goes through its closure, or is gRPC if the layer is
    /// set to that. It logs one event.
    ///
    /// It is for the application's own middleware and handlers. If no layer saw the request, the
    /// response is [`to_response`](Self::to_response).
    #[must_use]
    pub fn into_response_for(self, request: &Parts) -> Response<Bytes> {
        match Admission::of(&request.extensions) {
            Ok(admission) => admission.gate.rejection.refuse(self, request),
            Err(_) => Rejection::default().refuse(self, request),
        }
    }
}

impl AccessTokenClaims {
    /// Returns the claims that [`BearerAuthLayer`](crate::BearerAuthLayer) left in a request's
    /// extensions.
    ///
    /// It is `None` without the layer, and in optional mode without a token. In Axum
    /// `AccessTokenClaims` is an extractor too. They are not an extension of their own, so
    /// `Extension<AccessTokenClaims>` does not find them.
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
    /// Returns the user that [`BearerAuthLayer`](crate::BearerAuthLayer) left in a request's
    /// extensions, as the extractor does in Axum.
    ///
    /// # Errors
    ///
    /// `MissingToken`: there is no token, in optional mode. `Misconfigured`: there is no layer, or
    /// it does not load a `U`. The text of the error says how to fix it.
    pub fn from_extensions(extensions: &Extensions) -> Result<Self, BearerError> {
        Admission::of(extensions)?.user().map(Self)
    }
}

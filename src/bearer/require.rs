//! [`RequireLayer`] refuses requests whose token does not allow them.

use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::admission::Admission;
use super::after::After;
use super::body::ResponseBody;
use super::error::BearerError;
use super::error_kind::BearerErrorKind;
use super::future::ResponseFuture;
use super::guard::Guard;
use crate::error::BoxError;
use crate::names::IntoScope;
use crate::token::AccessTokenClaims;

/// Requires something of the token that [`BearerAuthLayer`](crate::BearerAuthLayer), further out,
/// has let through: for one route, or for one method of a route.
///
/// A token that does not allow it is refused with 403, or with 401 by [`max_age`](Self::max_age),
/// with that layer's challenge and through its closure. A request without a token, in optional
/// mode, is refused with 401, but a preflight passes that the layer
/// [admits](crate::BearerAuthLayer::admit_preflights). Without
/// [`BearerAuthLayer`](crate::BearerAuthLayer) further out the response is 500, and a hint in the
/// log says how to fix it.
///
/// Where all routes of a router require the same,
/// [`BearerAuthLayer::require_scope`](crate::BearerAuthLayer::require_scope) and its siblings are
/// shorter, and cannot be put in the wrong order.
///
/// ```
/// # use axum::{Router, routing::{get, post}};
/// use std::time::Duration;
/// use tower_bearer::bearer::RequireLayer;
/// use tower_bearer::BearerAuthLayer;
///
/// # fn example(layer: BearerAuthLayer) -> Router {
/// let write = RequireLayer::scope("orders:write");
/// // One of two scopes.
/// let reports = RequireLayer::any_scope(["reports", "admin"]);
/// // The user gave their password within the last five minutes.
/// let vault = RequireLayer::max_age(Duration::from_secs(300));
/// // Any condition.
/// let level = RequireLayer::new(|claims| Ok(claims.claim::<u8>("level")? >= Some(3)));
/// Router::new()
///     // Every token may read; writing needs a scope. A `route_layer` of a method router guards
///     // the methods that were added before it.
///     .route("/orders", get(|| async { "all orders" }))
///     .route("/orders", post(|| async { "created" }).route_layer(write))
///     .route("/reports", get(|| async { "numbers" }).route_layer(reports))
///     .route("/vault", get(|| async { "gold" }).route_layer(vault))
///     .route("/tower", get(|| async { "stairs" }).route_layer(level))
///     .route("/me", get(|| async { "you" }))
///     // Added last, so it is outside of the guards.
///     .route_layer(layer)
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RequireLayer {
    guard: Guard,
}

impl RequireLayer {
    /// Requires that `condition` returns `Ok(true)`.
    ///
    /// `Ok(false)` is refused with 403 and the reason `denied`. `Err` is refused in the same way,
    /// and its cause is logged. An `Err` that is a [`BearerError`] is the rejection itself, with
    /// the application's own reason and status, as in
    /// `Err(BearerError::denied("level_too_low").into())`.
    ///
    /// It is called at every request, so it should not do I/O.
    pub fn new<F>(condition: F) -> Self
    where
        F: Fn(&AccessTokenClaims) -> Result<bool, BoxError> + Send + Sync + 'static,
    {
        Self {
            guard: Guard::condition(condition),
        }
    }

    /// Requires that the user authenticated at most `max_age` ago: otherwise 401
    /// `insufficient_user_authentication` (RFC 9470 section 3). See
    /// [`require_max_age`](crate::BearerAuthLayer::require_max_age).
    #[doc(alias = "auth_time")]
    pub fn max_age(max_age: Duration) -> Self {
        Self {
            guard: Guard::MaxAge(max_age),
        }
    }

    /// Requires all the words of `scope`, which are separated by spaces: otherwise 403
    /// `insufficient_scope` (RFC 6750 section 3.1).
    ///
    /// # Panics
    ///
    /// If `scope` is a literal that is not a scope.
    #[track_caller]
    pub fn scope(scope: impl IntoScope) -> Self {
        Self {
            guard: Guard::Scope(scope.into_scope()),
        }
    }

    /// Requires one of `scopes`: otherwise 403 `insufficient_scope`. The challenge names the first
    /// of them, so put the least powerful one there. An empty list lets no token through.
    ///
    /// # Panics
    ///
    /// If one of them is a literal that is not a scope.
    #[track_caller]
    pub fn any_scope<S: IntoScope>(scopes: impl IntoIterator<Item = S>) -> Self {
        Self {
            guard: Guard::any_scope(scopes),
        }
    }
}

impl<S> Layer<S> for RequireLayer {
    type Service = Require<S>;

    fn layer(&self, inner: S) -> Require<S> {
        Require {
            inner,
            guard: self.guard.clone(),
        }
    }
}

/// The service that [`RequireLayer`] makes.
#[derive(Clone, Debug)]
pub struct Require<S> {
    inner: S,
    guard: Guard,
}

impl<S> Require<S> {
    /// Returns the wrapped service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns the wrapped service.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the wrapped service, and drops this one.
    pub fn into_inner(self) -> S {
        self.inner
    }

    fn check<B>(&self, request: &Request<B>) -> Result<(), BearerError> {
        let admission = Admission::of(request.extensions())?;
        let gate = &admission.gate;
        match &admission.claims {
            Some(claims) => self.guard.check(claims, &gate.verifiers),
            None if gate.admits_preflight(request.method(), request.headers()) => Ok(()),
            None => Err(BearerErrorKind::MissingToken.into()),
        }
    }
}

impl<S, B, ResBody> Service<Request<B>> for Require<S>
where
    S: Service<Request<B>, Response = Response<ResBody>> + Clone,
{
    type Response = Response<ResponseBody<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture<S, B> {
        match self.check(&request) {
            Ok(()) => ResponseFuture::admitted(self.inner.call(request), After::default()),
            Err(error) => {
                // A permit that `poll_ready` reserved is given back, as in `BearerAuth`.
                self.inner = self.inner.clone();
                let (parts, _) = request.into_parts();
                ResponseFuture::answered(error.into_response_for(&parts))
            }
        }
    }
}

//! [`RequireScopeLayer`]: 403 where the token does not allow it.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::admission::Admission;
use super::after::After;
use super::body::ResponseBody;
use super::challenge::BearerError;
use super::future::ResponseFuture;
use crate::names::Scope;

/// Demands a scope of the token that [`BearerAuthLayer`](crate::BearerAuthLayer), further out, has let through.
///
/// A token that does not allow it: 403 `insufficient_scope` (RFC 6750 section 3.1). No token, in optional mode: 401. Without
/// [`BearerAuthLayer`](crate::BearerAuthLayer) further out: 500, and a log line with the cure.
///
/// Where one layer serves all routes of a router, [`BearerAuthLayer::require_scope`](crate::BearerAuthLayer::require_scope) is shorter, and
/// has no order to get wrong.
///
/// ```
/// # use axum::{Router, routing::get};
/// use tower_bearer::{BearerAuthLayer, RequireScopeLayer};
///
/// # fn example(layer: BearerAuthLayer) -> Router {
/// Router::new()
///     .route("/admin", get(|| async { "the red button" }).route_layer(RequireScopeLayer::new("admin")))
///     .route("/me", get(|| async { "you" }))
///     .route_layer(layer)
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RequireScopeLayer {
    needed: Scope,
}

impl RequireScopeLayer {
    /// Demands all the words of `scope`, which are separated by spaces.
    ///
    /// # Panics
    ///
    /// If `scope` is no scope: see [`Scope::from_static`].
    pub fn new(scope: &'static str) -> Self {
        Self { needed: Scope::from_static(scope) }
    }
}

impl<S> Layer<S> for RequireScopeLayer {
    type Service = RequireScope<S>;

    fn layer(&self, inner: S) -> RequireScope<S> {
        RequireScope { inner, needed: self.needed.clone() }
    }
}

/// The service that [`RequireScopeLayer`] makes.
#[derive(Clone, Debug)]
pub struct RequireScope<S> {
    inner: S,
    needed: Scope,
}

impl<S> RequireScope<S> {
    /// The wrapped service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The wrapped service.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The wrapped service.
    pub fn into_inner(self) -> S {
        self.inner
    }

    fn check_scope<B>(&self, request: &Request<B>) -> Result<(), BearerError> {
        let claims = Admission::of(request.extensions())?.claims()?;
        if self.needed.is_subset_of(claims.scope()) { Ok(()) } else { Err(BearerError::insufficient_scope(&self.needed)) }
    }
}

impl<S, B, ResBody> Service<Request<B>> for RequireScope<S>
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
        match self.check_scope(&request) {
            Ok(()) => ResponseFuture::admitted(self.inner.call(request), After::default()),
            Err(error) => {
                // As in `BearerAuth`: no permit stays behind.
                self.inner = self.inner.clone();
                let (parts, _) = request.into_parts();
                ResponseFuture::answered(Admission::rejection(&parts.extensions).refuse(error, &parts))
            }
        }
    }
}

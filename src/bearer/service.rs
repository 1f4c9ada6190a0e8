//! [`BearerAuth`] is the service that [`BearerAuthLayer`](crate::BearerAuthLayer) makes.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::body::ResponseBody;
use super::decide::Decision;
use super::future::ResponseFuture;
use super::gate::Gate;

/// The service that [`BearerAuthLayer`](crate::BearerAuthLayer) makes. See the [module
/// docs](crate::bearer).
#[derive(Clone, Debug)]
pub struct BearerAuth<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S> BearerAuth<S> {
    pub(super) fn new(inner: S, gate: Arc<Gate>) -> Self {
        Self { inner, gate }
    }

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
}

impl<S, B, ResBody> Service<Request<B>> for BearerAuth<S>
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
        let (mut parts, body) = request.into_parts();
        match self.gate.decide(&mut parts) {
            Decision::Admit(after) => {
                ResponseFuture::admitted(self.inner.call(Request::from_parts(parts, body)), after)
            }
            // The service that was polled ready goes into the future; a clone, which was not,
            // replaces it.
            Decision::Wait(pending) => {
                let clone = self.inner.clone();
                let ready = mem::replace(&mut self.inner, clone);
                ResponseFuture::waiting(
                    ready,
                    Request::from_parts(parts, body),
                    Arc::clone(&self.gate),
                    pending,
                )
            }
            // `poll_ready` may have reserved a permit or a place in a queue. It is given back by
            // dropping the service that holds it.
            Decision::Respond(response) => {
                self.inner = self.inner.clone();
                ResponseFuture::answered(response)
            }
        }
    }
}

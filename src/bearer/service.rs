//! [`BearerAuth`]: the service that [`BearerAuthLayer`](crate::BearerAuthLayer) makes.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::body::ResponseBody;
use super::challenge::BearerError;
use super::future::ResponseFuture;
use super::gate::Gate;

/// The service that [`BearerAuthLayer`](crate::BearerAuthLayer) makes. See the [module docs](crate::bearer).
#[derive(Clone, Debug)]
pub struct BearerAuth<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S> BearerAuth<S> {
    pub(super) fn new(inner: S, gate: Arc<Gate>) -> Self {
        Self { inner, gate }
    }

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

    fn call(&mut self, mut request: Request<B>) -> ResponseFuture<S, B> {
        let claims = match self.gate.verify(request.headers()) {
            Ok(claims) => claims,
            Err(error) => return self.refuse(error, request),
        };
        if claims.is_some() && !self.gate.need_not_wait() {
            // The service that was polled ready goes into the future; a clone, which was not, takes its place.
            let clone = self.inner.clone();
            let ready = mem::replace(&mut self.inner, clone);
            return ResponseFuture::waiting(ready, request, Arc::clone(&self.gate), claims);
        }
        let receipt = self.gate.receipt(claims.as_ref());
        match self.gate.admit_at_once(claims) {
            Ok(admission) => {
                request.extensions_mut().insert(admission);
                ResponseFuture::admitted(self.inner.call(request), receipt)
            }
            Err(error) => self.refuse(error, request),
        }
    }
}

impl<S: Clone> BearerAuth<S> {
    fn refuse<B>(&mut self, error: BearerError, request: Request<B>) -> ResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        // What `poll_ready` reserved (a permit, a place in a queue) is not used: it goes back with the service that holds it.
        self.inner = self.inner.clone();
        let (parts, _) = request.into_parts();
        ResponseFuture::refused(self.gate.refusal().refuse(error, &parts))
    }
}

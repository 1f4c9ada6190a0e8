//! [`BearerAuth`]: the service that [`BearerAuthLayer`](crate::BearerAuthLayer) makes.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use tower_service::Service;

use super::body::ResponseBody;
use super::challenge::BearerError;
use super::future::ResponseFuture;
use super::gate::{Gate, Verified};

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

    fn call(&mut self, request: Request<B>) -> ResponseFuture<S, B> {
        if let Some(metadata) = self.gate.metadata(request.method(), request.uri().path()) {
            return self.answer(metadata);
        }
        let (mut parts, body) = request.into_parts();
        let verified = match self.gate.verify(&parts) {
            Ok(verified) => verified,
            Err(error) => return self.refuse(error, &parts),
        };
        self.gate.strip(&mut parts);
        let claims = match verified {
            Verified::Nobody => None,
            Verified::Claims(claims) if self.gate.need_not_wait() => Some(claims),
            // The service that was polled ready goes into the future; a clone, which was not, takes its place.
            verified => {
                let clone = self.inner.clone();
                let ready = mem::replace(&mut self.inner, clone);
                return ResponseFuture::waiting(ready, Request::from_parts(parts, body), Arc::clone(&self.gate), verified);
            }
        };
        let receipt = self.gate.receipt(claims.as_ref());
        match self.gate.admit_at_once(claims) {
            Ok(admission) => {
                parts.extensions.insert(admission);
                ResponseFuture::admitted(self.inner.call(Request::from_parts(parts, body)), receipt)
            }
            Err(error) => self.refuse(error, &parts),
        }
    }
}

impl<S: Clone> BearerAuth<S> {
    fn refuse<B>(&mut self, error: BearerError, parts: &Parts) -> ResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        self.answer(self.gate.refusal().refuse(error, parts))
    }

    /// Without the inner service.
    fn answer<B>(&mut self, response: Response<Bytes>) -> ResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        // What `poll_ready` reserved (a permit, a place in a queue) is not used: it goes back with the service that holds it.
        self.inner = self.inner.clone();
        ResponseFuture::answered(response)
    }
}

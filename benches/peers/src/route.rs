//! [`Route`] is the service behind every layer: it answers at once, with an empty body.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

/// Answers 200 with an empty body of type `B`.
#[derive(Debug)]
pub struct Route<B>(PhantomData<fn() -> B>);

impl<B> Route<B> {
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<B> Default for Route<B> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B> Clone for Route<B> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<B: Default, R> Service<Request<R>> for Route<B> {
    type Response = Response<B>;
    type Error = Infallible;
    type Future = Ready<Result<Response<B>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<R>) -> Self::Future {
        ready(Ok(Response::default()))
    }
}

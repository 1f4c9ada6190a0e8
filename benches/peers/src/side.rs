//! [`Side`] is a layer that is measured, with its route: one of ours or of a peer.

use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Empty;
use tokio::runtime::Handle;
use tower_service::Service;

pub type Body = Empty<Bytes>;

/// A service that is called as a server calls it.
pub trait Side: Send {
    /// Returns the status of the response. Request and response are dropped.
    fn call(&mut self, request: Request<Body>) -> StatusCode;
}

impl<S, R> Side for S
where
    S: Service<Request<Body>, Response = Response<R>, Error = Infallible> + Send,
{
    fn call(&mut self, request: Request<Body>) -> StatusCode {
        let mut context = Context::from_waker(Waker::noop());
        assert!(self.poll_ready(&mut context).is_ready());
        let mut future = pin!(Service::call(self, request));
        let response = match future.as_mut().poll(&mut context) {
            Poll::Ready(response) => response,
            // The first request of sessions waits for their first pull.
            Poll::Pending => Handle::current().block_on(future),
        };
        response.unwrap_or_else(|error| match error {}).status()
    }
}

/// A request with this `Authorization`, or without one.
pub fn request(authorization: Option<&HeaderValue>) -> Request<Body> {
    let mut request = Request::new(Body::new());
    *request.uri_mut() = http::Uri::from_static("/me");
    if let Some(value) = authorization {
        let value = value.clone();
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    request
}

/// As many requests as `count`, which take turns with these tokens.
pub fn requests(tokens: &[HeaderValue], count: usize) -> Vec<Request<Body>> {
    let tokens = tokens.iter().cycle().take(count);
    tokens.map(|token| request(Some(token))).collect()
}

/// The output of a future that never waits, as on a store in memory.
pub fn at_once<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a store in memory does not wait"),
    }
}

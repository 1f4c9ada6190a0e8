//! The parts of a `Service` that never fails, as all endpoints are.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;

use super::body::EndpointBody;

/// The future of an endpoint's response.
pub struct EndpointFuture(Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>);

impl EndpointFuture {
    pub(super) fn new(answer: impl Future<Output = Response<Bytes>> + Send + 'static) -> Self {
        Self(Box::pin(answer))
    }
}

impl Future for EndpointFuture {
    type Output = Result<Response<EndpointBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0
            .as_mut()
            .poll(cx)
            .map(|response| Ok(response.map(EndpointBody::from)))
    }
}

impl fmt::Debug for EndpointFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EndpointFuture")
    }
}

/// Implements `tower_service::Service` for a type that responds at once, with `fn answer(&self,
/// &Parts) -> Result<Response<Bytes>, EndpointError>`.
macro_rules! serve_at_once {
    ($endpoint:ident) => {
        impl<B> tower_service::Service<http::Request<B>> for $endpoint {
            type Response = http::Response<$crate::endpoint::EndpointBody>;
            type Error = std::convert::Infallible;
            type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

            fn poll_ready(
                &mut self,
                _: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Result<(), Self::Error>> {
                std::task::Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: http::Request<B>) -> Self::Future {
                let (parts, _) = request.into_parts();
                let response = self
                    .answer(&parts)
                    .unwrap_or_else(|error: $crate::endpoint::EndpointError| error.refuse(&parts));
                std::future::ready(Ok(response.map($crate::endpoint::EndpointBody::from)))
            }
        }
    };
}

pub(super) use serve_at_once;

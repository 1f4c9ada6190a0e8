//! Axum's `Response` as the answer of an application's own to a refused request.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum_core::response::Response;
use bytes::Bytes;
use http_body_util::BodyExt;

use crate::bearer::IntoRejection;

/// The body has to be there at once, as that of `Json` and of a text is. The body of a stream is
/// left out, and that is logged.
impl IntoRejection for Response {
    fn into_rejection(self) -> http::Response<Bytes> {
        let (parts, body) = self.into_parts();
        let body = match pin!(body.collect()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(body)) => body.to_bytes(),
            Poll::Ready(Err(_)) | Poll::Pending => {
                tracing::error!(
                    cure = "return a response whose body is not a stream",
                    "the closure of `with_rejection` returned a stream, so the body is empty"
                );
                Bytes::new()
            }
        };
        http::Response::from_parts(parts, body)
    }
}

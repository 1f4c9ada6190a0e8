//! [`EndpointBody`] is the body of an endpoint's response.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

/// The body of an endpoint's response: a little JSON, or nothing.
#[derive(Clone, Default)]
pub struct EndpointBody(Full<Bytes>);

impl From<Bytes> for EndpointBody {
    fn from(bytes: Bytes) -> Self {
        Self(Full::new(bytes))
    }
}

/// Shows only the length, because the body may have tokens.
impl fmt::Debug for EndpointBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointBody")
            .field("bytes", &self.0.size_hint().exact())
            .finish()
    }
}

impl Body for EndpointBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.0).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}

//! [`ResponseBody`] is the body of the inner service, or of the layer's own response.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response of [`BearerAuth`](crate::bearer::BearerAuth): that of the inner
    /// service, or that of the layer's own response.
    ///
    /// It implements `Default` where the inner body does, because layers for CORS and for timeouts
    /// need that.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    #[derive(Debug)]
    enum Kind<B> {
        Inner { #[pin] body: B },
        Own { #[pin] body: Full<Bytes> },
        /// It ends early when the future is ready, which is then `None`.
        Until { #[pin] body: B, end: Option<End> },
    }
}

/// In a mutex that is never locked, so that the body stays `Sync`.
struct End(Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("End")
    }
}

impl<B> ResponseBody<B> {
    pub(super) fn inner(body: B) -> Self {
        Self {
            kind: Kind::Inner { body },
        }
    }

    /// Makes a body that ends when `end` does, or when it has ended by itself.
    pub(super) fn until<T>(body: B, end: impl Future<Output = T> + Send + 'static) -> Self {
        let end = Box::pin(async move { drop(end.await) });
        Self {
            kind: Kind::Until {
                body,
                end: Some(End(Mutex::new(end))),
            },
        }
    }

    pub(super) fn own(response: Response<Bytes>) -> Response<Self> {
        response.map(|body| Self {
            kind: Kind::Own {
                body: Full::new(body),
            },
        })
    }
}

impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::inner(B::default())
    }
}

impl<B: Body<Data = Bytes>> Body for ResponseBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Inner { body } => body.poll_frame(cx),
            KindProjection::Own { body } => {
                let frame = ready!(body.poll_frame(cx));
                Poll::Ready(frame.map(|frame| frame.map_err(|never| match never {})))
            }
            KindProjection::Until { body, end } => {
                let is_over = match end {
                    Some(End(end)) => {
                        let end = end.get_mut().unwrap_or_else(PoisonError::into_inner);
                        end.as_mut().poll(cx).is_ready()
                    }
                    None => true,
                };
                if is_over {
                    *end = None;
                    return Poll::Ready(None);
                }
                body.poll_frame(cx)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Own { body } => body.is_end_stream(),
            Kind::Until { body, end } => end.is_none() || body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Own { body } => body.size_hint(),
            Kind::Until { .. } => SizeHint::default(),
        }
    }
}

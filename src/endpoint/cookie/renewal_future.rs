//! [`RenewalFuture`] is the future of [`Renewal`](super::renewal::Renewal).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pin_project! {
    /// The future of [`Renewal`](crate::endpoint::Renewal).
    pub struct RenewalFuture<F, T, E> {
        #[pin]
        kind: Kind<F, T, E>,
    }
}

pin_project! {
    #[project = Projected]
    enum Kind<F, T, E> {
        /// The request passes on as it is.
        Direct { #[pin] future: F },
        Renewing { future: Pin<Box<dyn Future<Output = Result<T, E>> + Send>> },
    }
}

impl<F, T, E> RenewalFuture<F, T, E> {
    pub(super) fn direct(future: F) -> Self {
        let kind = Kind::Direct { future };
        Self { kind }
    }

    pub(super) fn renewing(future: impl Future<Output = Result<T, E>> + Send + 'static) -> Self {
        let future = Box::pin(future);
        Self {
            kind: Kind::Renewing { future },
        }
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Future for RenewalFuture<F, T, E> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            Projected::Direct { future } => future.poll(cx),
            Projected::Renewing { future } => future.as_mut().poll(cx),
        }
    }
}

impl<F, T, E> fmt::Debug for RenewalFuture<F, T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RenewalFuture")
    }
}

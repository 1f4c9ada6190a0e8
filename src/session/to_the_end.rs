//! [`to_the_end`] runs work that a client which hangs up must not stop.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::runtime::Handle;
use tracing::{Instrument, Span};

/// Runs `work`, and leaves it to a task if the caller is dropped meanwhile. Outside a Tokio runtime
/// there are no tasks, so it then stops.
pub(super) fn to_the_end<F>(work: F) -> ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    ToTheEnd {
        work: Some(Box::pin(work)),
        span: Span::current(),
    }
}

/// The future of [`to_the_end`].
pub(super) struct ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    /// `None` once it has ended.
    work: Option<Pin<Box<F>>>,
    span: Span,
}

impl<F> Future for ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Some(work) = &mut self.work else {
            return Poll::Pending;
        };
        let done = ready!(work.as_mut().poll(cx));
        self.work = None;
        Poll::Ready(done)
    }
}

impl<F> Drop for ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn drop(&mut self) {
        // After a panic the work cannot go on.
        let rest = self.work.take().filter(|_| !std::thread::panicking());
        if let Some(rest) = rest
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(rest.instrument(self.span.clone()));
        }
    }
}

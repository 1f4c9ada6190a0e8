//! [`to_the_end`] runs work that a client which hangs up must not stop.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tracing::{Instrument, Span};

use super::error::SessionError;
use super::sessions::Sessions;
use crate::limits::{REFRESH_DEADLINE, with_timeout};

impl Sessions {
    /// Runs work [to the end](to_the_end), within the deadline of a call. A failure is logged here,
    /// since the caller may be gone.
    pub(super) async fn finish<T: Send>(
        &self,
        work: impl Future<Output = Result<T, SessionError>> + Send + 'static,
    ) -> Result<T, SessionError> {
        to_the_end(&self.0.unattended, async move {
            with_timeout(REFRESH_DEADLINE, work)
                .await
                .map_err(SessionError::logged)
        })
        .await
    }
}

/// Runs `work`, and leaves it to a task if the caller is dropped meanwhile. It then stops where
/// there is no Tokio runtime, and where none of the places for such work is free.
pub(super) fn to_the_end<F>(places: &Arc<Semaphore>, work: F) -> ToTheEnd<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    ToTheEnd {
        work: Some(Box::pin(work)),
        places: Arc::clone(places),
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
    places: Arc<Semaphore>,
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
            && let Ok(place) = Arc::clone(&self.places).try_acquire_owned()
        {
            let rest = async move {
                rest.await;
                drop(place);
            };
            runtime.spawn(rest.instrument(self.span.clone()));
        }
    }
}

/// The most work whose caller is gone: clients that hang up while a store is silent must not fill
/// the memory.
pub(super) const MAX_UNATTENDED: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_whose_caller_is_gone_goes_on_where_a_place_is_free_and_stops_elsewhere() {
        for (free, goes_on) in [(1, true), (0, false)] {
            let places = Arc::new(Semaphore::new(free));
            let (sender, receiver) = tokio::sync::oneshot::channel();
            drop(to_the_end(&places, async move { sender.send(()) }));
            assert_eq!(receiver.await.is_ok(), goes_on);
            tokio::task::yield_now().await;
            assert_eq!(places.available_permits(), free);
        }
    }
}

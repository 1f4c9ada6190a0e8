//! Futures by hand, without waiting.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The answer, if it is there without waiting.
pub fn at_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Lets the background do all that it can do now. For a runtime of one thread.
pub async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

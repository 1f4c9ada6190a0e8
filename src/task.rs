//! [`Background`] is a task that is started when it is needed, [`FailureLog`] logs its failures,
//! and [`first_of`] waits for one of two things.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::shown::ShownCause;

/// A background task that is started when it is needed, and started again once it has ended.
///
/// At most one such task runs at a time. It is aborted when this value is dropped.
#[derive(Default)]
pub(crate) struct Background {
    /// The number of the start whose task runs, or [`ENDED`]. Each start has a number of its own,
    /// so that a task which ends late does not end the next one. Requests read it without a lock.
    running: Arc<AtomicU64>,
    starts: Mutex<Starts>,
}

#[derive(Default)]
struct Starts {
    count: u64,
    task: Option<JoinHandle<()>>,
}

impl Background {
    /// Returns whether the task runs.
    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::Relaxed) != ENDED
    }

    /// Starts the task unless it is running.
    pub(crate) fn start<F>(&self, runtime: &Handle, task: impl FnOnce() -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut starts = self.starts.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_running() {
            starts.count += 1;
            self.running.store(starts.count, Ordering::Relaxed);
            let run = Run {
                running: Arc::clone(&self.running),
                number: starts.count,
            };
            starts.task = Some(runtime.spawn(run.of(task())));
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let starts = self.starts.get_mut();
        if let Some(task) = &starts.unwrap_or_else(PoisonError::into_inner).task {
            task.abort();
        }
    }
}

/// One run of a task. It ends when the task returns, panics, or is dropped with its runtime.
struct Run {
    running: Arc<AtomicU64>,
    number: u64,
}

impl Run {
    async fn of(self, task: impl Future<Output = ()>) {
        task.await;
        drop(self);
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // An error means that the next run has begun.
        let _ =
            self.running
                .compare_exchange(self.number, ENDED, Ordering::Relaxed, Ordering::Relaxed);
    }
}

const ENDED: u64 = 0;

/// Waits for the first of two futures: `Ok` is the result of `one`, `Err` that of `other`.
pub(crate) async fn first_of<A, B>(
    one: impl Future<Output = A>,
    other: impl Future<Output = B>,
) -> Result<A, B> {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|cx| match one.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(Ok(result)),
        Poll::Pending => other.as_mut().poll(cx).map(Err),
    })
    .await
}

/// Logs a warning when something in the background begins to fail, and a message when it works
/// again. The failures in between are logged at the debug level.
pub(crate) struct FailureLog {
    failure: &'static str,
    lasts: bool,
}

impl FailureLog {
    pub(crate) fn of(failure: &'static str) -> Self {
        Self {
            failure,
            lasts: false,
        }
    }

    /// Takes note of one outcome.
    pub(crate) fn note<E: Error + 'static>(&mut self, outcome: Result<(), E>) {
        match (outcome, self.lasts) {
            (Err(error), false) => {
                tracing::warn!(cause = %ShownCause(&error), "{}", self.failure);
            }
            (Ok(()), true) => tracing::info!("over: {}", self.failure),
            (Err(error), true) => {
                tracing::debug!(cause = %ShownCause(&error), "{}", self.failure);
                return;
            }
            (Ok(()), false) => return,
        }
        self.lasts = !self.lasts;
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    /// No request waits for a start, and none for another request.
    #[test]
    fn to_ask_whether_a_task_runs_needs_no_lock() {
        let background = Background::default();
        let _starting = background.starts.lock().unwrap();
        assert!(!background.is_running());
    }

    #[tokio::test]
    async fn a_run_that_ends_late_does_not_end_the_next_one() {
        let (background, runtime) = (Background::default(), Handle::current());
        background.start(&runtime, || ready(()));
        let late = Run {
            running: Arc::clone(&background.running),
            number: 1,
        };
        while background.is_running() {
            tokio::task::yield_now().await;
        }
        background.start(&runtime, pending);
        drop(late);
        assert!(background.is_running());
    }
}

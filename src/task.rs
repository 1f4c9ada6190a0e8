//! [`Background`] is a task that is started when it is needed, [`FailureLog`] logs its failures,
//! and [`first_of`] waits for one of two things.

use std::error::Error;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::task::Poll;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// A background task that is started when it is needed, and started again once it has ended.
///
/// At most one such task runs at a time. It is aborted when this value is dropped.
#[derive(Default)]
pub(crate) struct Background {
    /// Whether the task runs. Each start has a flag of its own, so that a task which ends late does
    /// not lower the flag of the next one.
    running: RwLock<Arc<AtomicBool>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Background {
    /// Returns whether the task runs.
    pub(crate) fn is_running(&self) -> bool {
        self.running
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .load(Ordering::Relaxed)
    }

    /// Starts the task unless it is running.
    pub(crate) fn start<F>(&self, runtime: &Handle, task: impl FnOnce() -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut slot = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_running() {
            let running = Arc::new(AtomicBool::new(true));
            *self.running.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&running);
            *slot = Some(runtime.spawn(watched(running, task())));
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

/// Lowers the flag when the task returns, panics, or is dropped with its runtime.
fn watched(running: Arc<AtomicBool>, task: impl Future<Output = ()>) -> impl Future<Output = ()> {
    struct Flag(Arc<AtomicBool>);

    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(false, Ordering::Relaxed);
        }
    }

    let flag = Flag(running);
    async move {
        let _flag = flag;
        task.await;
    }
}

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
                tracing::warn!(cause = &error as &(dyn Error + 'static), "{}", self.failure);
            }
            (Ok(()), true) => tracing::info!("over: {}", self.failure),
            (Err(error), true) => {
                tracing::debug!(cause = &error as &(dyn Error + 'static), "{}", self.failure);
                return;
            }
            (Ok(()), false) => return,
        }
        self.lasts = !self.lasts;
    }
}

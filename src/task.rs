//! [`Background`]: a task that is started when it is needed, and again when it has ended; and [`FailureLog`], what it tells the log.

use std::error::Error;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

#[derive(Default)]
pub(crate) struct Background {
    /// Each start has a flag of its own, so that a task which ends late lowers no other's.
    running: RwLock<Arc<AtomicBool>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Background {
    pub(crate) fn is_running(&self) -> bool {
        self.running
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .load(Ordering::Relaxed)
    }

    /// Starts the task if it does not run.
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

/// Lowers the flag when the task ends: by itself, by a panic, or with its runtime.
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

/// Tells the log when something in the background begins to fail, and when it works again; not each
/// time.
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

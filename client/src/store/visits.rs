//! [`Visits`]: one thread in a store at a time, and how long it is waited for.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::{Mutex as Lock, OwnedMutexGuard};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};

use crate::BoxError;

#[derive(Debug, Default)]
pub(super) struct Visits {
    /// A thread that does not come back keeps it: then no other one follows.
    entry: Arc<Lock<()>>,
    began: Began,
}

/// When the visit began that is under way.
type Began = Arc<Mutex<Option<Instant>>>;

impl Visits {
    /// Runs `work` when its turn comes. While a visit is over its time, the others fail at once.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, BoxError> + Send + 'static,
    ) -> Result<T, BoxError> {
        if began(&self.began).is_some_and(|began| began.elapsed() >= LIMIT) {
            return Err("the store has not answered yet: it is left alone until it does".into());
        }
        match timeout(LIMIT, self.visit(work)).await {
            Ok(outcome) => outcome,
            Err(_) => Err("the store does not answer".into()),
        }
    }

    /// Does the same without a time limit.
    pub(super) async fn visit<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, BoxError> + Send + 'static,
    ) -> Result<T, BoxError> {
        let visit = Visit::begin(Arc::clone(&self.entry).lock_owned().await, &self.began);
        let (sender, outcome) = channel();
        let _caller = HangUp(sender.clone());
        // The process may end without a thread of its own, but not without one of tokio.
        thread::Builder::new()
            .name("token-store".into())
            .spawn(move || {
                let worker = HangUp(sender);
                // Before the caller hears of it, also of a panic, the entry is free.
                let visit = visit;
                let outcome = work();
                drop(visit);
                // The caller may have gone.
                let _ = worker.0.send(Some(outcome));
            })?;
        // While it waits, tokio does not skip the time in a test that has paused it.
        match spawn_blocking(move || outcome.recv()).await {
            Ok(Ok(Some(outcome))) => outcome,
            _ => Err("the store panicked, or the runtime is being shut down".into()),
        }
    }
}

struct Visit {
    _entry: OwnedMutexGuard<()>,
    began: Began,
}

impl Visit {
    fn begin(entry: OwnedMutexGuard<()>, at: &Began) -> Self {
        *at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Self {
            _entry: entry,
            began: Arc::clone(at),
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        // Before the entry is free for the next one.
        *self.began.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Ends the wait for an outcome: the worker has panicked, or the caller waits no longer.
struct HangUp<T>(Sender<Option<T>>);

impl<T> Drop for HangUp<T> {
    fn drop(&mut self) {
        // Nothing waits after an outcome.
        let _ = self.0.send(None);
    }
}

fn began(began: &Began) -> Option<Instant> {
    *began.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A keyring may ask the user, and a network drive may be gone.
const LIMIT: Duration = Duration::from_secs(10);

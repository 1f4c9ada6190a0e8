//! [`Swap`] stands for `arc_swap`, which loom does not know. A load and a store are one step each,
//! and a load sees what came before the store: that is what `arc_swap` promises.

use std::sync::{Arc, PoisonError};

use loom::sync::{Mutex, MutexGuard};
use loom::thread;

pub(crate) type ArcSwap<T> = Swap<Arc<T>>;
pub(crate) type ArcSwapOption<T> = Swap<Option<Arc<T>>>;
pub(crate) type Guard<T> = T;

#[derive(Debug, Default)]
pub(crate) struct Swap<T>(Mutex<T>);

impl<T: Clone> Swap<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(crate) fn load(&self) -> T {
        self.lock().clone()
    }

    pub(crate) fn load_full(&self) -> T {
        self.load()
    }

    pub(crate) fn store(&self, value: T) {
        *self.lock() = value;
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Swap<Option<Arc<T>>> {
    pub(crate) fn compare_and_swap(&self, current: &Option<Arc<T>>, new: Option<Arc<T>>) {
        let mut held = self.lock();
        if held.as_ref().map(Arc::as_ptr) == current.as_ref().map(Arc::as_ptr) {
            *held = new;
        }
    }
}

/// Runs the threads of a model in every order with at most three switches that no thread asked for,
/// or with as many as `LOOM_MAX_PREEMPTIONS`.
pub(crate) fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut orders = loom::model::Builder::new();
    orders.preemption_bound.get_or_insert(3);
    orders.check(model);
}

/// Runs both in threads of their own, and returns what they return. Loom does not interrupt the
/// thread of the model itself, so it does nothing meanwhile.
pub(crate) fn at_once<A: 'static, B: 'static>(
    one: impl FnOnce() -> A + 'static,
    other: impl FnOnce() -> B + 'static,
) -> (A, B) {
    let (one, other) = (thread::spawn(one), thread::spawn(other));
    (one.join().unwrap(), other.join().unwrap())
}

//! [`Once`] and [`DoneIn`] remember that something was done, so that later requests skip it.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::sync::AtomicU64;

/// Says `true` once. It is for log lines that anyone could otherwise cause with every request: a
/// misconfiguration is logged with a hint on how to fix it and does not flood the log.
#[derive(Debug, Default)]
pub(crate) struct Once(AtomicBool);

impl Once {
    /// Returns whether this is the first call.
    pub(crate) fn is_first(&self) -> bool {
        // After the first call the load alone keeps the cache line shared.
        !self.0.load(Ordering::Relaxed) && !self.0.swap(true, Ordering::Relaxed)
    }
}

/// Remembers the epoch in which something was done last, so that it is done once in each.
#[derive(Debug, Default)]
pub(crate) struct DoneIn(AtomicU64);

impl DoneIn {
    /// Returns whether it was done in this epoch.
    pub(crate) fn is(&self, epoch: u64) -> bool {
        self.0.load(Ordering::Relaxed) == epoch
    }

    /// Says that it was done in this epoch, which is not 0.
    pub(crate) fn set(&self, epoch: u64) {
        self.0.store(epoch, Ordering::Relaxed);
    }
}

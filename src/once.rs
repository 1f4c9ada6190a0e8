//! [`Once`] is for log lines that anyone could otherwise cause with every request.

use std::sync::atomic::{AtomicBool, Ordering};

/// Says `true` once, so that a misconfiguration is logged with a hint on how to fix it and does not
/// flood the log.
#[derive(Debug, Default)]
pub(crate) struct Once(AtomicBool);

impl Once {
    /// Returns whether this is the first call.
    pub(crate) fn is_first(&self) -> bool {
        // After the first call the load alone keeps the cache line shared.
        !self.0.load(Ordering::Relaxed) && !self.0.swap(true, Ordering::Relaxed)
    }
}

//! [`Once`]: for a log line that a stranger could cause at every request.

use std::sync::atomic::{AtomicBool, Ordering};

/// Says `true` once. A misconfiguration is logged with its cure, and does not flood the log.
#[derive(Debug, Default)]
pub(crate) struct Once(AtomicBool);

impl Once {
    /// Whether this is the first call.
    pub(crate) fn is_first(&self) -> bool {
        // The load keeps the cache line shared once the line was logged.
        !self.0.load(Ordering::Relaxed) && !self.0.swap(true, Ordering::Relaxed)
    }
}

//! [`SiegeLog`] says when a siege began, and when it ended.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Timestamp;

/// Logs a warning when this process first sees a siege, and one when it has seen none for ten
/// minutes. So there are two lines in ten minutes at most.
pub(super) struct SiegeLog {
    /// When a siege was last seen, in milliseconds. 0 means that there is none.
    last: AtomicU64,
}

impl SiegeLog {
    pub(super) fn new() -> Self {
        #[cfg(feature = "metrics")]
        metrics::describe_gauge!(
            GAUGE,
            "1 while many networks guess at many accounts, otherwise 0"
        );
        show(0.0);
        Self {
            last: AtomicU64::new(0),
        }
    }

    /// Takes note of what an attempt has seen.
    pub(super) fn note(&self, is_siege: bool, now: Timestamp) {
        let last = self.last.load(Ordering::Relaxed);
        if is_siege {
            let now = now.as_millis().max(1);
            if now > last && self.last.swap(now, Ordering::Relaxed) == 0 {
                tracing::warn!(
                    "siege began: many networks guess at many accounts, so that strangers wait \
                     for 45 seconds"
                );
                show(1.0);
            }
            return;
        }
        let last_seen = Timestamp::from_millis(last);
        // A clock may have been ahead.
        let is_over = || {
            now.saturating_since(last_seen) >= ENDS_AFTER
                || last_seen.saturating_since(now) >= ENDS_AFTER
        };
        let ends = || {
            let (relaxed, next) = (Ordering::Relaxed, 0);
            self.last.compare_exchange(last, next, relaxed, relaxed)
        };
        if last != 0 && is_over() && ends().is_ok() {
            tracing::warn!("siege ended");
            show(0.0);
        }
    }
}

#[cfg(feature = "metrics")]
fn show(state: f64) {
    metrics::gauge!(GAUGE).set(state);
}

#[cfg(not(feature = "metrics"))]
fn show(_: f64) {}

const ENDS_AFTER: Duration = Duration::from_secs(600);
#[cfg(feature = "metrics")]
const GAUGE: &str = "tower_bearer_siege";

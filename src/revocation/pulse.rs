//! [`Pulse`] says whether the pulls of this process go on as they should.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::part::as_millis;
use crate::limits::PULL_DEADLINE;

/// Whether a pull ended lately, or is under way, whatever came of it.
///
/// Where that is not so, the process was frozen by its platform, and sessions may have been revoked
/// meanwhile: the next request asks the store first. A store that fails or hangs keeps no request
/// waiting, because the pulls go on.
#[derive(Default)]
pub(super) struct Pulse {
    /// The monotonic moment, in milliseconds, before which a pull should begin or end.
    steady_to: AtomicU64,
}

impl Pulse {
    /// Returns whether the pulls go on as they should.
    pub(super) fn is_steady(&self, now: Duration) -> bool {
        as_millis(now) <= self.steady_to.load(Ordering::Acquire)
    }

    /// Notes that a pull begins. Requests go on meanwhile, unless the process was frozen before.
    pub(super) fn begin(&self, now: Duration) {
        if self.is_steady(now) {
            self.set(now + LONGEST_PULL);
        }
    }

    /// Notes that a pull ended, with an answer or without. If it lasted longer than its deadline,
    /// the process was frozen meanwhile, and the answer is old.
    pub(super) fn end(&self, begun: Duration, now: Duration) {
        if now.saturating_sub(begun) <= LONGEST_PULL {
            self.set(now + LONGEST_PAUSE);
        }
    }

    fn set(&self, moment: Duration) {
        self.steady_to.store(as_millis(moment), Ordering::Release);
    }
}

/// The deadline, and a second for a busy process.
const LONGEST_PULL: Duration = PULL_DEADLINE.saturating_add(Duration::from_secs(1));
/// The pause between two pulls is a second, and longer in a busy process.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

//! [`Trial`]: whether an API takes the access token that came after a refusal.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// An API that refuses every token would otherwise make each call a refresh.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    /// When it began, if the token before was refused.
    since: Option<Duration>,
    state: AtomicU8,
}

impl Trial {
    pub(crate) fn since(now: Duration) -> Self {
        Self {
            since: Some(now),
            state: AtomicU8::new(OPEN),
        }
    }

    /// An API took it.
    pub(crate) fn pass(&self) {
        // A token that one API refuses for good does not pass with another.
        let _ = self
            .state
            .compare_exchange(OPEN, PASSED, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The request that was repeated with it was refused too.
    pub(crate) fn fail(&self) {
        self.state.store(FAILED, Ordering::Relaxed);
    }

    /// Whether another refresh would be in vain, after a refusal of this token too.
    pub(crate) fn is_in_vain(&self, now: Duration) -> bool {
        let is_recent = self
            .since
            .is_some_and(|since| now.saturating_sub(since) < REST);
        is_recent && self.state.load(Ordering::Relaxed) != PASSED
    }
}

const OPEN: u8 = 0;
const PASSED: u8 = 1;
const FAILED: u8 = 2;
/// A server that has just got new keys may need a moment.
const REST: Duration = Duration::from_secs(10);

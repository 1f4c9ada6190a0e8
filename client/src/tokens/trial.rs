//! [`Trial`]: whether an API takes the access token that came after a refusal.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// An API that refuses every token would otherwise make each call a refresh.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    /// When it began, if the token before was refused.
    since: Option<Duration>,
    /// The trials in a row before this one, each soon after the other.
    before: u32,
    state: AtomicU8,
}

impl Trial {
    /// The trial of the token that comes after this one, which was refused.
    pub(crate) fn next(&self, now: Duration) -> Self {
        let is_soon = self.age(now).is_some_and(|age| age < ROW);
        Self {
            since: Some(now),
            before: if is_soon {
                self.before.saturating_add(1)
            } else {
                0
            },
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
        let is_recent = self.age(now).is_some_and(|age| age < REST);
        // One API may take each token that another one refuses.
        let has_passed = self.state.load(Ordering::Relaxed) == PASSED && self.before < MOST;
        is_recent && !has_passed
    }

    fn age(&self, now: Duration) -> Option<Duration> {
        self.since.map(|since| now.saturating_sub(since))
    }
}

const OPEN: u8 = 0;
const PASSED: u8 = 1;
const FAILED: u8 = 2;
/// A server that has just got new keys may need a moment.
const REST: Duration = Duration::from_secs(10);
/// Trials within this time of each other are in a row.
const ROW: Duration = Duration::from_secs(60);
/// After so many in a row, a token that one API took rests too.
const MOST: u32 = 3;

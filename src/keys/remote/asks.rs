//! [`Asks`] bounds the fetches that tokens cause, so that garbage tokens cannot cause more.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::keys::key_source::AskReason;

/// When tokens may cause the next fetch, by the monotonic clock, in nanoseconds. Each reason has a
/// fetch of its own a minute: a garbage signature, which needs no more than the name of a published
/// key, does not delay the fetch of a key with a new name.
#[derive(Default)]
pub(super) struct Asks {
    unknown_key: AtomicU64,
    bad_signature: AtomicU64,
}

impl Asks {
    /// Returns whether such a token may cause a fetch now.
    pub(super) fn may(&self, reason: AskReason, now: Duration) -> bool {
        u128::from(self.of(reason).load(Ordering::Acquire)) <= now.as_nanos()
    }

    /// Takes note of a fetch that such a token causes.
    pub(super) fn note(&self, reason: AskReason, now: Duration) {
        let next = u64::try_from((now + BETWEEN_ASKS).as_nanos()).unwrap_or(u64::MAX);
        self.of(reason).store(next, Ordering::Release);
    }

    fn of(&self, reason: AskReason) -> &AtomicU64 {
        match reason {
            AskReason::UnknownKey => &self.unknown_key,
            AskReason::BadSignature => &self.bad_signature,
        }
    }
}

const BETWEEN_ASKS: Duration = Duration::from_secs(60);

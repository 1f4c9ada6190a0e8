//! [`Once`], [`OnceAMinute`] and [`DoneIn`] remember that something was done, so that later
//! requests skip it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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

/// Says yes once a minute. It is for log lines about what each request of a flood meets.
#[derive(Debug, Default)]
pub(crate) struct OnceAMinute(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    began: Option<Instant>,
    left_out: u64,
}

impl OnceAMinute {
    /// Returns how many calls were left out since the last minute, or `None` if this one is too.
    pub(crate) fn left_out(&self, now: Instant) -> Option<u64> {
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let goes_on = |began| now.saturating_duration_since(began) < Duration::from_secs(60);
        if minute.began.is_some_and(goes_on) {
            minute.left_out += 1;
            return None;
        }
        minute.began = Some(now);
        Some(std::mem::take(&mut minute.left_out))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_line_a_minute_with_the_number_of_those_left_out() {
        let (lines, start) = (OnceAMinute::default(), Instant::now());
        let at = |seconds| lines.left_out(start + Duration::from_secs(seconds));
        assert_eq!((at(0), at(0), at(59)), (Some(0), None, None));
        assert_eq!((at(60), at(61)), (Some(2), None));
        assert_eq!((at(600), at(700)), (Some(1), Some(0)));
    }
}

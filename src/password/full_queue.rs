//! [`FullQueue`] is the warning that passwords are refused, because too many wait.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Warns once a minute, with the number of those that were left out before.
#[derive(Debug, Default)]
pub(super) struct FullQueue(Mutex<Minute>);

#[derive(Debug, Default)]
struct Minute {
    began: Option<Instant>,
    left_out: u64,
}

impl FullQueue {
    pub(super) fn warn(&self) {
        if let Some(left_out) = self.left_out(Instant::now()) {
            tracing::warn!(
                left_out,
                "passwords are refused, because too many wait; only the first of a minute is a \
                 warning"
            );
        }
    }

    /// Returns how many warnings were left out, or `None` if this one is too.
    fn left_out(&self, now: Instant) -> Option<u64> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_a_line_a_minute_with_the_number_of_those_left_out() {
        let (lines, start) = (FullQueue::default(), Instant::now());
        let at = |seconds| lines.left_out(start + Duration::from_secs(seconds));
        assert_eq!((at(0), at(0), at(59)), (Some(0), None, None));
        assert_eq!((at(60), at(61)), (Some(2), None));
        assert_eq!((at(600), at(700)), (Some(1), Some(0)));
    }
}

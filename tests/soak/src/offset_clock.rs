//! [`OffsetClock`]: the clock of a machine that is set wrongly.

use std::time::Duration;

use tower_bearer::clock::{Clock, SystemClock, Timestamp};

/// Its time of day is so many seconds fast.
#[derive(Debug)]
pub(crate) struct OffsetClock(pub(crate) i64);

impl Clock for OffsetClock {
    fn now(&self) -> Timestamp {
        let (now, offset) = (
            SystemClock.now(),
            Duration::from_secs(self.0.unsigned_abs()),
        );
        if self.0 < 0 {
            Timestamp::from_millis(now.as_millis() - offset.as_millis() as u64)
        } else {
            now + offset
        }
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}

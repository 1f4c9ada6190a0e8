//! [`ManualClock`]: a clock that a test sets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Clock;

/// A clock that only moves when a test moves it. Clones are the same clock.
///
/// ```
/// use std::time::Duration;
/// use tower_bearer_client::{Clock, ManualClock};
///
/// let clock = ManualClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(1800));
/// assert_eq!(clock.now(), before + Duration::from_secs(1800));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Hands>>);

#[derive(Debug)]
struct Hands {
    now: SystemTime,
    monotonic: Duration,
}

impl ManualClock {
    /// Makes a clock that shows the beginning of the year 2026.
    #[must_use]
    pub fn new() -> Self {
        Self::at(UNIX_EPOCH + Duration::from_secs(1_767_225_600))
    }

    /// Makes a clock that shows this moment.
    ///
    /// ```
    /// # use std::time::SystemTime;
    /// # use tower_bearer_client::{Clock, ManualClock};
    /// let moment = SystemTime::now();
    /// assert_eq!(ManualClock::at(moment).now(), moment);
    /// ```
    #[must_use]
    pub fn at(now: SystemTime) -> Self {
        let monotonic = Duration::ZERO;
        Self(Arc::new(Mutex::new(Hands { now, monotonic })))
    }

    /// Moves the clock ahead.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tower_bearer_client::{Clock, ManualClock};
    /// let clock = ManualClock::new();
    /// clock.advance(Duration::from_secs(1));
    /// assert_eq!(clock.monotonic(), Duration::from_secs(1));
    /// ```
    pub fn advance(&self, time: Duration) {
        let mut hands = self.hands();
        hands.now += time;
        hands.monotonic += time;
    }

    /// Sets the time of day, as users and NTP do. The monotonic time stays.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use tower_bearer_client::{Clock, ManualClock};
    /// let clock = ManualClock::new();
    /// let yesterday = clock.now() - Duration::from_secs(86_400);
    /// clock.set(yesterday);
    /// assert_eq!(clock.now(), yesterday);
    /// ```
    pub fn set(&self, now: SystemTime) {
        self.hands().now = now;
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.hands().now
    }

    fn monotonic(&self) -> Duration {
        self.hands().monotonic
    }
}

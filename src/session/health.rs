//! How far this process is behind its store: in revocations, and in the time of day.

use std::time::Duration;

use super::sessions::Sessions;

impl Sessions {
    /// Time since the start of the last successful pull of revocations, or `None` before the first.
    ///
    /// Between nothing and about a second where all is well, once the process has verified a token
    /// or handed one out. Worth an alarm above ten seconds: see
    /// [`StoreOutage`](crate::StoreOutage).
    #[must_use]
    pub fn revocation_lag(&self) -> Option<Duration> {
        self.sync().revocations().lag()
    }

    /// By how many milliseconds the store's clock is ahead of this process's; negative, if it is
    /// behind. `None`: the store was not asked yet, or it is on this machine and has no clock
    /// of its own.
    ///
    /// It is off by up to half of what the question took. Above five seconds there is a warning in
    /// the log. What the clocks differ by is lost from
    /// the [overlap](crate::SessionPolicy::with_overlap), so keep them in step (NTP).
    #[must_use]
    pub fn store_clock_offset(&self) -> Option<i64> {
        self.sync().feed().clock_offset()
    }
}

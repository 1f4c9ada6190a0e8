//! [`Clock`]: the time comes in from outside.

use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time to a login.
///
/// Applications use [`SystemClock`], which is the default. Tests use `ManualClock` (feature
/// `test-util`), or a clock of their own:
///
/// ```
/// use std::time::{Duration, SystemTime, UNIX_EPOCH};
/// use tower_bearer_client::Clock;
///
/// /// The clock of a recording.
/// #[derive(Debug)]
/// struct Noon;
///
/// impl Clock for Noon {
///     fn now(&self) -> SystemTime {
///         UNIX_EPOCH + Duration::from_secs(43_200)
///     }
///
///     fn monotonic(&self) -> Duration {
///         Duration::ZERO
///     }
/// }
///
/// assert_eq!(Noon.now(), Noon.now());
/// ```
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Returns the time of day, which decides whether an access token has ended.
    fn now(&self) -> SystemTime;

    /// Returns the time since a moment that stays the same while the process lives. It never goes
    /// back and never jumps. It measures the pause after a refresh that failed, and after new
    /// tokens that the server refuses too.
    fn monotonic(&self) -> Duration;
}

/// The clock of the operating system.
///
/// ```
/// use tower_bearer_client::{Clock, SystemClock};
///
/// let before = SystemClock.monotonic();
/// assert!(SystemClock.monotonic() >= before);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

/// The time of day, as the time since 1970: sums of it cannot overflow into a panic.
pub(crate) fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

//! The time comes in from outside: [`Clock`] tells it, and [`Timestamp`] is a moment that it tells.

use std::fmt;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Tells the time to everything in this crate.
///
/// Applications use [`SystemClock`], which is the default. Tests use `ManualClock` (feature
/// `test-util`).
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time of day. It may jump: an administrator or NTP may set it.
    fn now(&self) -> Timestamp;

    /// The time since a moment that stays the same while the process lives. It never goes back and
    /// never jumps.
    ///
    /// It measures the durations that must not become shorter when the system's clock is set.
    fn monotonic(&self) -> Duration;
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        SystemTime::now().into()
    }

    fn monotonic(&self) -> Duration {
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

/// A moment, in milliseconds since the Unix epoch.
///
/// Moments are whole seconds on the wire: see [`Timestamp::as_secs`].
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::clock::Timestamp;
///
/// let noon = Timestamp::from_millis(43_200_500);
/// assert_eq!(noon.as_secs(), 43_200);
/// assert_eq!((noon + Duration::from_secs(1)).saturating_since(noon), Duration::from_secs(1));
///
/// // To and from the types of other libraries.
/// let time = std::time::SystemTime::from(noon);
/// assert_eq!(Timestamp::from(time), noon);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The Unix epoch.
    pub(crate) const ZERO: Self = Self(0);

    /// Makes a moment from milliseconds since the epoch. Numbers above `i64::MAX` become
    /// `i64::MAX`.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        // Databases hold signed numbers.
        Self(if millis > i64::MAX as u64 {
            i64::MAX as u64
        } else {
            millis
        })
    }

    /// Makes a moment from whole seconds since the epoch.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self::from_millis(secs.saturating_mul(1000))
    }

    /// Returns the milliseconds since the epoch. They are never above `i64::MAX`.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// Returns the time from `earlier` to this moment. It is zero if `earlier` is later.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }
}

/// Rounds down to milliseconds. A moment before the epoch becomes the epoch.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self::ZERO + time.duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// A moment that `SystemTime` cannot hold on this platform becomes the end of the year 9999.
impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        UNIX_EPOCH
            .checked_add(Duration::from_millis(timestamp.0))
            .unwrap_or(UNIX_EPOCH + END_OF_9999)
    }
}

const END_OF_9999: Duration = Duration::from_secs(253_402_300_799);

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}s", self.0 / 1000, self.0 % 1000)
    }
}

//! What callers ask of an [`EphemeralStore`](super::EphemeralStore).

use std::fmt;
use std::time::Duration;

use super::key::EphemeralKey;
use super::lane::Lane;
use crate::clock::Timestamp;

/// One unit that a counter is charged with, if its lane allows it.
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::store::{Charge, EphemeralKey, Lane, Rate};
///
/// let fast = Rate::new(5, Duration::from_secs(60));
/// let slow = Rate::new(15, Duration::from_secs(7200));
/// let lane = Lane::new(fast, slow);
/// let charge = Charge::new(EphemeralKey::new(*b"vote", [7; 16]), lane);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Charge {
    /// The counter.
    pub key: EphemeralKey,
    /// What the counter allows.
    pub lane: Lane,
}

impl Charge {
    /// Charges the counter at this key.
    #[must_use]
    pub fn new(key: EphemeralKey, lane: Lane) -> Self {
        Self { key, lane }
    }
}

/// Debt that a counter gets back, such as that of a [`Charge`]: one period of each of its rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refund {
    /// The counter.
    pub key: EphemeralKey,
    /// By how much the debt of its fast rate becomes less, in whole milliseconds.
    pub fast: Duration,
    /// By how much the debt of its slow rate becomes less, in whole milliseconds.
    pub slow: Duration,
}

impl Refund {
    /// Gives these debts back to the counter at this key.
    #[must_use]
    pub fn new(key: EphemeralKey, fast: Duration, slow: Duration) -> Self {
        Self { key, fast, slow }
    }
}

/// A value that a store keeps for a while.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// Where the value is.
    pub key: EphemeralKey,
    /// The value, of at most [16 KiB](Self::MAX_BYTES).
    pub value: &'a [u8],
    /// How long the value is there, in whole milliseconds: at most [400
    /// days](Self::MAX_LIFETIME), and at least one millisecond.
    pub lifetime: Duration,
}

impl<'a> Entry<'a> {
    /// The maximum number of bytes of a value.
    pub const MAX_BYTES: usize = 16 * 1024;
    /// The longest lifetime. A longer one becomes this one.
    pub const MAX_LIFETIME: Duration = Duration::from_secs(400 * 24 * 3600);

    /// Makes a value with its key and its lifetime.
    #[must_use]
    pub fn new(key: EphemeralKey, value: &'a [u8], lifetime: Duration) -> Self {
        Self {
            key,
            value,
            lifetime,
        }
    }

    /// Returns when the value ends, if it is written now. It is for stores.
    #[must_use]
    pub fn until(&self, now: Timestamp) -> Timestamp {
        now + Duration::from_millis(self.millis())
    }

    /// Returns the lifetime within its bounds, in milliseconds.
    pub(in crate::store) fn millis(&self) -> u64 {
        let lifetime = self.lifetime.min(Self::MAX_LIFETIME);
        (lifetime.as_millis() as u64).max(1)
    }

    /// Refuses a value that is too large.
    pub(in crate::store) fn check(&self) -> Result<(), &'static str> {
        if self.value.len() > Self::MAX_BYTES {
            return Err("a short-lived value is above 16 KiB");
        }
        Ok(())
    }
}

/// Leaves out the value, which may be a secret.
impl fmt::Debug for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("key", &self.key)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

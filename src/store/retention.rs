//! [`Ended`]: what `delete_expired` takes.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::limits::REVOCATION_RETENTION;

/// The same for every store.
#[derive(Clone, Copy)]
pub(super) struct Ended {
    /// What was revoked at this moment or before.
    pub(super) revoked: Timestamp,
    /// What expired at this moment or before.
    pub(super) expired: Timestamp,
}

impl Ended {
    pub(super) fn by(now: Timestamp) -> Self {
        let before = |keep: Duration| {
            Timestamp::from_millis(now.as_millis().saturating_sub(keep.as_millis() as u64))
        };
        Self {
            revoked: before(REVOCATION_RETENTION),
            expired: before(KEEP_EXPIRED),
        }
    }
}

/// How long after its end an expired row stays.
pub(super) const KEEP_EXPIRED: Duration = Duration::from_secs(24 * 3600);

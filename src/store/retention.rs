//! [`Ended`] says what `delete_expired` deletes.

use std::time::Duration;

use crate::clock::Timestamp;
use crate::limits::REVOCATION_RETENTION;

/// The moments that decide what `delete_expired` deletes, which are the same for every store.
#[derive(Clone, Copy)]
pub(super) struct Ended {
    /// Rows that were revoked at this moment or before are deleted.
    pub(super) revoked: Timestamp,
    /// Rows that expired at this moment or before are deleted.
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

/// How long an expired row is kept.
pub(super) const KEEP_EXPIRED: Duration = Duration::from_secs(24 * 3600);

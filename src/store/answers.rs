//! What [`revoke_all`](super::SessionStore::revoke_all) and
//! [`delete_expired`](super::SessionStore::delete_expired) answer.

/// What [`revoke_all`](super::SessionStore::revoke_all) has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedSessions {
    count: u64,
}

impl RevokedSessions {
    /// So many sessions were revoked.
    #[must_use]
    pub const fn new(count: u64) -> Self {
        Self { count }
    }

    /// How many sessions were revoked: those that had been revoked before are not counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }
}

/// What [`delete_expired`](super::SessionStore::delete_expired) has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedSessions {
    count: u64,
}

impl DeletedSessions {
    /// So many rows were deleted.
    #[must_use]
    pub const fn new(count: u64) -> Self {
        Self { count }
    }

    /// How many rows were deleted: entries of the feed are not counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }
}

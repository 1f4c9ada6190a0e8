//! The results of [`revoke_all`](super::SessionStore::revoke_all),
//! [`delete_expired`](super::SessionStore::delete_expired) and
//! [`erase`](super::SessionStore::erase).

/// The result of [`revoke_all`](super::SessionStore::revoke_all).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedSessions {
    count: u64,
}

impl RevokedSessions {
    /// Says that `count` sessions were revoked.
    #[must_use]
    pub const fn new(count: u64) -> Self {
        Self { count }
    }

    /// Returns how many sessions were revoked. Sessions that had been revoked before do not count.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }
}

/// The result of [`delete_expired`](super::SessionStore::delete_expired) and
/// [`erase`](super::SessionStore::erase).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedSessions {
    count: u64,
}

impl DeletedSessions {
    /// Says that `count` rows were deleted.
    #[must_use]
    pub const fn new(count: u64) -> Self {
        Self { count }
    }

    /// Returns how many rows were deleted. Entries of the feed do not count.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }
}

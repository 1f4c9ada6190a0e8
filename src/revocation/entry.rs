//! [`Revocation`] is an entry in a store's feed.

use std::time::Duration;

use crate::names::SessionId;

/// A revoked session in a store's feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Revocation {
    /// The session.
    pub id: SessionId,
    /// How long the session has been in the feed, by the store's clock, not by that of the revoking
    /// process. It must never be larger than that, because processes forget a revocation that is as
    /// old as the [retention](crate::store::REVOCATION_RETENTION). [`Duration::ZERO`] is always
    /// safe.
    pub age: Duration,
}

impl Revocation {
    /// Makes a revocation of this session, which has been in the feed for `age`.
    #[must_use]
    pub const fn new(id: SessionId, age: Duration) -> Self {
        Self { id, age }
    }
}

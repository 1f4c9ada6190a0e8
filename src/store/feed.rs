//! The feed of revocations: what a store tells the processes, and how they are woken.

use async_trait::async_trait;

use super::error::StoreError;
use crate::clock::Timestamp;
use crate::names::SessionId;
use crate::revocation::Revocation;

/// A place in a store's feed of revocations. Only the store that gave it out can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// For stores.
    #[must_use]
    pub fn new(place: impl Into<String>) -> Self {
        Self(place.into())
    }

    /// For stores.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Wakes those who wait for revocations.
///
/// It carries nothing and promises little: an announcement may come twice, late or never, and for no reason. Every process pulls once a
/// second in any case.
#[async_trait]
pub trait Announcements: Send {
    /// Returns when something was revoked since the last call. One announcement may stand for many revocations.
    ///
    /// `Err`: the subscription is gone, and what was announced meanwhile is lost. The caller pulls, and subscribes again.
    async fn next(&mut self) -> Result<(), StoreError>;
}

/// What [`SessionStore::revoked_since`](super::SessionStore::revoked_since) answers.
#[derive(Clone, Debug)]
pub struct RevocationPage {
    /// The revoked sessions, in any order; some may have been given out before.
    pub revoked: Vec<Revocation>,
    /// Whether these are all within the retention. Else they are those after the cursor.
    pub complete: bool,
    /// Where to go on.
    pub cursor: Cursor,
    /// What time it is at the store. `None`: it has no clock but this machine's.
    pub store_time: Option<Timestamp>,
}

impl RevocationPage {
    /// Whether a session is among them.
    #[must_use]
    pub fn contains(&self, id: &SessionId) -> bool {
        self.revoked.iter().any(|revocation| revocation.id == *id)
    }

    /// The sessions, without their ages.
    #[must_use]
    pub fn ids(&self) -> Vec<SessionId> {
        self.revoked.iter().map(|revocation| revocation.id).collect()
    }
}

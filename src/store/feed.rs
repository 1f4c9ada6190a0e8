//! The feed of revocations: what a store tells the processes, and how they are woken.

use async_trait::async_trait;

use super::error::StoreError;
use crate::clock::Timestamp;
use crate::names::SessionId;
use crate::revocation::Revocation;

/// A place in a store's feed of revocations. Only the store that gave the cursor out can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// For stores: a cursor with this text.
    #[must_use]
    pub fn new(place: impl Into<String>) -> Self {
        Self(place.into())
    }

    /// For stores: the text that the cursor was made with.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Wakes processes that wait for revocations.
///
/// An announcement has no content, and promises little: it may come twice, late, never, or for no
/// reason. Every process pulls once a second in any case.
#[async_trait]
pub trait Announcements: Send {
    /// Returns when something was revoked since the last call. One announcement may cover many
    /// revocations.
    ///
    /// `Err`: the subscription is gone, and what was announced meanwhile is lost. The caller pulls,
    /// and subscribes again.
    async fn next(&mut self) -> Result<(), StoreError>;
}

/// The answer of [`SessionStore::revoked_since`](super::SessionStore::revoked_since).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RevocationPage {
    /// The revoked sessions, in any order; some may have been on an earlier page.
    pub revoked: Vec<Revocation>,
    /// Whether these are all revocations within the retention. If not, they are those after the
    /// cursor.
    pub complete: bool,
    /// The place up to which this page goes: what to ask with the next time.
    pub cursor: Cursor,
    /// The time by the store's clock. `None`: that is the clock of this machine.
    pub store_time: Option<Timestamp>,
}

impl RevocationPage {
    /// A page that is not complete, from a store without a clock of its own.
    #[must_use]
    pub fn new(revoked: Vec<Revocation>, cursor: Cursor) -> Self {
        Self {
            revoked,
            complete: false,
            cursor,
            store_time: None,
        }
    }

    /// Whether a session is on the page.
    #[must_use]
    pub fn contains(&self, id: &SessionId) -> bool {
        self.revoked.iter().any(|revocation| revocation.id == *id)
    }

    /// The sessions, without their ages.
    #[must_use]
    pub fn ids(&self) -> Vec<SessionId> {
        self.revoked
            .iter()
            .map(|revocation| revocation.id)
            .collect()
    }
}

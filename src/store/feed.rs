//! The feed of revocations, which processes read, and the announcements that wake them.

use async_trait::async_trait;

use super::error::StoreError;
use crate::clock::Timestamp;
use crate::names::SessionId;
use crate::revocation::Revocation;

/// A place in a store's feed of revocations. Only the store that made the cursor can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Makes a cursor with this text. It is for stores.
    #[must_use]
    pub fn new(place: impl Into<String>) -> Self {
        Self(place.into())
    }

    /// Returns the text that the cursor was made with. It is for stores.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Wakes processes that wait for revocations.
///
/// An announcement has no content and promises little: it may come twice, late, never, or without a
/// reason. Every process that serves requests also pulls once a second.
#[async_trait]
pub trait Announcements: Send {
    /// Returns when something was revoked since the last call. One announcement may cover many
    /// revocations.
    ///
    /// `Err` means that the subscription is gone, and that announcements may be lost. The caller
    /// then pulls, and subscribes again.
    async fn next(&mut self) -> Result<(), StoreError>;
}

/// The result of [`SessionStore::revoked_since`](super::SessionStore::revoked_since).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RevocationPage {
    /// The revoked sessions, in any order. Some may have been on an earlier page.
    pub revoked: Vec<Revocation>,
    /// Whether these are all revocations within the retention, together with the pages that follow
    /// if there are [`more`](Self::more). Otherwise they are those after the cursor.
    pub complete: bool,
    /// Whether there are more revocations than the page has, after its cursor.
    pub more: bool,
    /// The end of this page, for the next call.
    pub cursor: Cursor,
    /// The time by the store's clock, or `None` if that is the clock of this machine.
    pub store_time: Option<Timestamp>,
}

impl RevocationPage {
    /// Makes a page that is not complete and is the last one, from a store without a clock of its
    /// own.
    #[must_use]
    pub fn new(revoked: Vec<Revocation>, cursor: Cursor) -> Self {
        Self {
            revoked,
            complete: false,
            more: false,
            cursor,
            store_time: None,
        }
    }

    /// Returns whether a session is on the page.
    #[must_use]
    pub fn contains(&self, id: &SessionId) -> bool {
        self.revoked.iter().any(|revocation| revocation.id == *id)
    }

    /// Returns the sessions without their ages.
    #[must_use]
    pub fn ids(&self) -> Vec<SessionId> {
        self.revoked
            .iter()
            .map(|revocation| revocation.id)
            .collect()
    }
}

/// The number of revocations on a page of the stores that come with this crate. It is read and
/// entered in a moment, and takes some 20 MB while it is.
pub(super) const REVOCATIONS_AT_ONCE: usize = 200_000;

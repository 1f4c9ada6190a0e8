//! [`SessionStore`]: the contract.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::error::StoreError;
use super::feed::{Announcements, Cursor, RevocationPage};
use super::revocation_reason::RevocationRecord;
use super::session::Session;
use crate::clock::Timestamp;
use crate::names::{SessionId, Subject};

/// Where sessions live.
///
/// # Contract
///
/// - Every method is atomic and linearizable for one session: no lagging replica, no cache.
/// - `Ok` means that it is durable, as far as the method says. `Err` means that the outcome is unknown: the caller answers 503, and every
///   method is safe to repeat.
/// - `revision` starts at 0 and grows by exactly one with every change of the row. Revoked is final. Ids are never used again.
///
/// Each promise is a function of the `conformance` module (feature `test-util`); `store_conformance!` runs them all. A store that breaks one
/// logs honest users out, or lets a thief go on.
///
/// The trait uses [`macro@async_trait`], which is re-exported for authors of stores.
#[async_trait]
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// Creates the row. An id that is there already is an error, never an overwrite.
    ///
    /// Durable. After `Ok`, [`find`](Self::find), [`list`](Self::list) and [`revoke_all`](Self::revoke_all) see it.
    async fn insert(&self, session: &Session) -> Result<(), StoreError>;

    /// The whole row, as of some instant between call and return. It judges nothing: revoked and expired rows come too.
    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError>;

    /// Compare-and-swap. Writes generation, rotation time, confirmed, recoveries, recovered, retry key and revision **iff** the row exists, is
    /// not revoked, and its revision is `next.revision - 1`; says whether it did. Else it changes nothing.
    ///
    /// Of any number of racing calls with one revision exactly one returns true. A generation that is lost with the power heals at the
    /// next refresh; a write that only opened the overlap again does not, and may log an honest user out. So durability is worth its price.
    async fn replace(&self, next: &Session) -> Result<bool, StoreError>;

    /// An access token of this generation came back from the client.
    ///
    /// Sets confirmed and raises the revision iff the session is not revoked, has this generation, and is not yet confirmed. Else it writes
    /// nothing. A lost one is allowed.
    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError>;

    /// Ends the session: sets reason and time, raises the revision, and enters it into the feed, in one atomic step; then it returns true.
    ///
    /// Already revoked or unknown: false, and the first reason stays. It does not look at the revision. Durable.
    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError>;

    /// Does [`revoke`](Self::revoke) for every session of the subject whose insert had returned before this call; says how many it changed.
    async fn revoke_all(&self, subject: &Subject, record: RevocationRecord) -> Result<u64, StoreError>;

    /// The subject's sessions that are neither revoked nor expired, newest first, 1000 at most.
    async fn list(&self, subject: &Subject, now: Timestamp) -> Result<Vec<Session>, StoreError>;

    /// Without a cursor every revocation within the [retention](crate::REVOCATION_RETENTION); with one, every revocation that became visible after the call
    /// that gave the cursor out. Repeats are allowed, gaps never, whatever clocks and slow commits do.
    ///
    /// A cursor that is unknown or too old is answered as none. So is one from before a moment at which the store may have been set back: a
    /// restart, a failover, a restored backup. Whoever asked then knows better than the store: see [`assert_revoked`](Self::assert_revoked).
    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError>;

    /// Enters revocations again that the store has lost. The processes call it with what they still know, when a
    /// [complete](RevocationPage::complete) page lacks it.
    ///
    /// After `Ok` each id is in the feed, for the retention from `now`, whether there is a row or not; a row that lived is revoked as by
    /// [`revoke`](Self::revoke), for [another reason](RevocationReason::Other). What is in the feed already stays as it is. Durable. It need not be one
    /// transaction.
    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError>;

    /// A subscription to what the processes announce to each other. `None`: this store has none, and the others hear of a revocation when they
    /// next pull.
    ///
    /// A store that has them announces every [`revoke`](Self::revoke), [`revoke_all`](Self::revoke_all) (once, however many) and
    /// [`assert_revoked`](Self::assert_revoked) that changed something, after it can be seen in the feed.
    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError>;

    /// Deletes, in small batches, rows that expired at least a day before `now`, and revoked rows and feed entries older than the
    /// [retention](crate::REVOCATION_RETENTION); says how many rows. It never holds a lock for long that a refresh waits for.
    ///
    /// A feed entry is as old as its time in the feed by the store's clock: one whose revoker had a slow clock does not go early.
    async fn delete_expired(&self, now: Timestamp) -> Result<u64, StoreError>;
}

/// So that a store can be chosen at run time: `Arc<dyn SessionStore>`.
#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: SessionStore + ?Sized> SessionStore for Arc<T> {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        (**self).insert(session).await
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        (**self).find(id).await
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        (**self).replace(next).await
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        (**self).confirm(id, generation).await
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        (**self).revoke(id, record).await
    }

    async fn revoke_all(&self, subject: &Subject, record: RevocationRecord) -> Result<u64, StoreError> {
        (**self).revoke_all(subject, record).await
    }

    async fn list(&self, subject: &Subject, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        (**self).list(subject, now).await
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        (**self).revoked_since(cursor).await
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        (**self).assert_revoked(ids, now).await
    }

    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        (**self).announcements().await
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        (**self).delete_expired(now).await
    }
}

/// The most sessions that `list` answers.
pub(crate) const MAX_LISTED: usize = 1000;

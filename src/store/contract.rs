//! [`SessionStore`]: the contract.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::answers::{DeletedSessions, RevokedSessions};
use super::error::StoreError;
use super::feed::{Announcements, Cursor, RevocationPage};
use super::revocation_reason::RevocationRecord;
use super::selection::SessionSelection;
use super::session::Session;
use crate::clock::Timestamp;
use crate::names::SessionId;

/// Where sessions are kept.
///
/// Most applications take a store that comes with this crate: see [`store`](crate::store). It can
/// be chosen at run time:
///
/// ```
/// use std::sync::Arc;
/// use tower_bearer::{MemoryStore, SessionStore};
///
/// let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::new());
/// ```
///
/// # A store of your own
///
/// For another database implement this trait, and let `store_conformance!` (feature `test-util`)
/// test the store: it has a function for each promise below, and races those about atomicity.
/// `examples/store.rs` is a complete store. The trait uses [`macro@async_trait`], which is
/// re-exported. What the contract says about one row is there as functions:
/// [`Session::after_replace`], [`after_confirm`](Session::after_confirm),
/// [`after_revoke`](Session::after_revoke) and [`SessionSelection::matches`].
///
/// Later versions of this crate add methods with default bodies only: a store that compiles today
/// keeps compiling.
///
/// # Contract
///
/// A store that breaks one of these promises logs honest users out, or lets a thief go on.
///
/// **Every method**
///
/// - is atomic for one session: no call sees, or leaves behind, half of a change.
/// - is linearizable for one session: once a call has returned, every later call sees its effect,
///   from every process. A lagging replica and a cache break this.
/// - returns `Ok` once the effect is durable, as far as the method says, and `Err` where the
///   outcome is unknown: it may have happened. The caller then answers 503. A call may also be
///   dropped midway.
/// - is safe to repeat.
///
/// **A row**
///
/// - has a `revision`, which starts at 0 and grows by exactly one with every change: by `replace`,
///   a `confirm` that writes, `revoke`, `revoke_all` and `assert_revoked`.
/// - that was revoked never changes again, until it is deleted.
/// - comes back as it was written, to the last field: kinds, reasons and
///   [`More`](crate::store::More) of later versions too. What cannot be read is an error, and never
///   a row that is missing.
///
/// An id is never used for a second session. A store judges nothing: only `list` and
/// `delete_expired` look at when a session ends.
///
/// **Clocks.** The moments that methods are given come from the application's clock, which may be
/// wrong, and differs between machines. They are what rows keep, and what `list` and
/// `delete_expired` compare. The *store's clock* is that of the database server: the feed
/// measures by it how long a revocation has been there, whatever the application's clock said. A
/// store without a server takes the clock of its own machine ([`SystemClock`](crate::SystemClock))
/// for it, and leaves [`store_time`](RevocationPage::store_time) empty.
///
/// **What may be relaxed.** A `confirm` may be lost, or be late. A `replace` may be lost with the
/// power: a lost generation heals at the next refresh. A lost write that only opened the overlap
/// again does not heal, and may log an honest user out, so durability is worth its price.
/// `revoke_all`, `assert_revoked` and `delete_expired` need not be one transaction. A feed may
/// repeat itself. Announcements may be missing. Nothing else may.
#[async_trait]
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// Creates the row. An id that is there already, alive or revoked, is an error, and never an
    /// overwrite.
    ///
    /// Durable. After `Ok`, `find`, `list` and `revoke_all` see the session. Where an index by
    /// subject is apart from the row, write the index first: an entry without a row is
    /// harmless, a row without an entry could not be revoked.
    async fn insert(&self, session: &Session) -> Result<(), StoreError>;

    /// The whole row, as of one instant between call and return. Revoked and expired rows come too,
    /// until they are deleted.
    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError>;

    /// Compare-and-swap: writes **iff** the row exists, is not revoked, and its revision is the one
    /// before `next`; says whether it did.
    ///
    /// It writes the whole row but for `id`, `subject`, `kind`, `created_at`, `expires_at` and the
    /// revocation, which stay as they are whatever `next` says: see [`Session::after_replace`].
    /// Of any number of racing calls with one revision, exactly one returns true. The others change
    /// nothing.
    async fn replace(&self, next: &Session) -> Result<bool, StoreError>;

    /// An access token of this generation came back from the client.
    ///
    /// Sets `confirmed` and raises the revision **iff** the session is not revoked, has this
    /// generation, and is not confirmed yet: see [`Session::after_confirm`]. Else it writes
    /// nothing; an unknown session is not an error.
    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError>;

    /// Ends the session: writes the record, raises the revision, and enters the session into the
    /// feed, in one atomic step; then it returns true. See [`Session::after_revoke`].
    ///
    /// Already revoked or unknown: false, nothing changes, and the first record stays. It does not
    /// look at the revision, and an expired session can be revoked. Durable: after `Ok` no
    /// `replace` succeeds, and no `find` shows the session alive.
    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError>;

    /// Does [`revoke`](Self::revoke) for every selected session whose insert had returned before
    /// this call. Each is counted by one call only.
    ///
    /// A session that is inserted meanwhile may escape. Repeating a call that failed midway
    /// completes it.
    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError>;

    /// The selected sessions that are neither revoked nor expired at `now`, newest `created_at`
    /// first, 1000 at most. A session whose insert had returned before this call is not
    /// missing.
    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError>;

    /// The feed. Without a cursor, every revocation within the
    /// [retention](crate::REVOCATION_RETENTION); with one, every revocation that became visible
    /// after the call that gave the cursor out. Repeats are allowed, gaps never.
    ///
    /// A timestamp is not a cursor: clocks disagree, and a transaction that took its time first may
    /// commit last. The same goes for a number that is taken before the commit. **A number is
    /// never given out twice**, not even when the entry that had it is deleted: a cursor would skip
    /// what gets it next.
    ///
    /// A cursor that is unknown or too old is answered as none. So is one from before a moment at
    /// which the store may have been set back: a restart, a failover, a restored backup. The
    /// caller then compares, and calls [`assert_revoked`](Self::assert_revoked).
    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError>;

    /// Enters revocations again that the store has lost. Processes call it with what they still
    /// know, when a [complete](RevocationPage::complete) page lacks it.
    ///
    /// After `Ok` each id is in the feed, for the retention from now on, whether there is a row or
    /// not; a row that lived is revoked as by [`revoke`](Self::revoke), for [another
    /// reason](crate::store::RevocationReason::Other). What is in the feed already stays as it is.
    /// Durable.
    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError>;

    /// A subscription to what the processes announce to each other. `None`: this store has none,
    /// and other processes learn of a revocation when they next pull, within a second.
    ///
    /// A store with announcements makes one after every [`revoke`](Self::revoke),
    /// [`revoke_all`](Self::revoke_all) (one, however many sessions)
    /// and [`assert_revoked`](Self::assert_revoked) that changed something, once the feed shows it.
    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError>;

    /// Deletes rows that were not revoked and expired at least a day before `now`; and revoked
    /// rows, and entries of the feed, that are older
    /// than the [retention](crate::REVOCATION_RETENTION) at `now`.
    ///
    /// **A revoked row stays until its revocation is older than the retention, whenever it
    /// expired**: until then its access tokens may still be accepted somewhere. An entry of the
    /// feed is as old as its time in the feed by the store's clock: an entry whose revoker had a
    /// slow clock does not go early.
    ///
    /// It works in small batches: no refresh waits long for a lock that it holds.
    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError>;
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

    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError> {
        (**self).revoke_all(selection, record).await
    }

    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        (**self).list(selection, now).await
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

    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError> {
        (**self).delete_expired(now).await
    }
}

/// What `list` answers of these sessions: the newest first, [`MAX_LISTED`] at most.
pub(super) fn newest(mut sessions: Vec<Session>) -> Vec<Session> {
    sessions.sort_unstable_by_key(|session| Reverse(session.created_at()));
    sessions.truncate(MAX_LISTED);
    sessions
}

/// The most sessions that `list` answers.
pub(crate) const MAX_LISTED: usize = 1000;

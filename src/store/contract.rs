//! [`SessionStore`] is the contract of a store.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::answers::{DeletedSessions, RevokedSessions};
use super::ephemeral::EphemeralStore;
use super::error::StoreError;
use super::feed::{Announcements, Cursor, RevocationPage};
use super::revocation_reason::RevocationRecord;
use super::selection::SessionSelection;
use super::session::Session;
use crate::clock::Timestamp;
use crate::names::SessionId;
use crate::revocation::Receipt;

/// A store that keeps sessions.
///
/// Most applications use a store that comes with this crate: see [`store`](crate::store). It can be
/// chosen at run time:
///
/// ```
/// use std::sync::Arc;
/// use tower_bearer::store::SessionStore;
/// use tower_bearer::MemoryStore;
///
/// let store: Arc<dyn SessionStore> = Arc::new(MemoryStore::new());
/// ```
///
/// # A store of your own
///
/// For another database, implement this trait, and test the store with `store_conformance!`
/// (feature `test-util`): it has functions for the promises below, and runs races for those about
/// atomicity. What they do not test, such as two processes on one store, is said in
/// `store::conformance`. `examples/store.rs` is a complete store. The trait uses
/// [`macro@async_trait`], which is re-exported. The rules about one row exist as functions:
/// [`Session::after_replace`], [`after_confirm`](Session::after_confirm),
/// [`after_revoke`](Session::after_revoke) and [`SessionSelection::matches`]. Short-lived things
/// have a contract of their own: [`EphemeralStore`].
///
/// Later versions of this crate add only methods with default bodies, so a store that compiles
/// today keeps compiling.
///
/// # Contract
///
/// A store that breaks one of these promises logs out honest users, or does not stop a thief.
///
/// **Every method**
///
/// - is atomic for one session: no call sees, or leaves behind, half of a change.
/// - is linearizable for one session: once a call has returned, every later call sees its effect,
///   from every process. A lagging replica and a cache break this.
/// - returns `Ok` once the effect is durable, as far as the method demands it, and `Err` if the
///   outcome is unknown: the change may have happened. The caller then answers 503. A call may also
///   be dropped midway.
/// - is safe to repeat. A repeated call completes what one before it has begun.
/// - is given up at its deadline. A page of [`revoked_since`](Self::revoked_since) has 9.5 seconds,
///   and so have all calls of [`assert_revoked`](Self::assert_revoked) after one reading together.
///   [`confirm_all`](Self::confirm_all) and [`announcements`](Self::announcements) have 5 seconds,
///   [`delete_expired`](Self::delete_expired) has 10 minutes. The other calls of one login, refresh
///   or logout have 30 seconds together.
///
/// **A row**
///
/// - has a `revision`, which starts at 0 and grows by exactly one with every change: by `replace`,
///   a `confirm` that writes, `revoke`, `revoke_all` and `assert_revoked`.
/// - that was revoked never changes again, until it is deleted.
/// - comes back as it was written, with every field. This includes kinds, reasons and
///   [`More`](crate::store::More) of later versions. A row that cannot be read is an error, and is
///   never reported as missing.
///
/// An id is never used for a second session. A store does not decide whether a session is valid:
/// only `list` and `delete_expired` look at when a session ends.
///
/// **Clocks.** The moments in the arguments come from the application's clock, which may be wrong,
/// and differs between machines. Rows keep these moments, and `list` and `delete_expired` compare
/// with them. The *store's clock* is that of the database server: the feed measures with it how
/// long a revocation has been there, whatever the application's clock said. A store without a
/// server uses the clock of its own machine ([`SystemClock`](crate::clock::SystemClock)) instead,
/// and leaves [`store_time`](RevocationPage::store_time) empty.
///
/// **What may be relaxed.** A `confirm` may be lost, or be late. A `replace` may be lost in a power
/// failure: a lost generation heals at the next refresh. A lost write that only opened the overlap
/// again does not heal, and may log out an honest user, so durability is worth its price.
/// `revoke_all`, `assert_revoked`, `delete_expired` and `erase` need not be one transaction. A feed
/// may repeat itself. Announcements may be missing. Nothing else may be relaxed.
#[async_trait]
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// Creates the row. If the id exists, alive or revoked, this is an error, and the row is never
    /// overwritten.
    ///
    /// This is durable. After `Ok`, `find`, `list` and `revoke_all` see the session. If an index by
    /// subject is separate from the row, write the index first: an entry without a row is harmless,
    /// but a row without an entry could not be revoked.
    async fn insert(&self, session: &Session) -> Result<(), StoreError>;

    /// Returns the whole row, as of one instant between call and return. Revoked and expired rows
    /// are returned too, until they are deleted.
    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError>;

    /// Replaces the row by compare-and-swap: writes **iff** the row exists, is not revoked, and has
    /// the revision before that of `next`. Returns whether it wrote.
    ///
    /// It writes the whole row except `id`, `subject`, `kind`, `created_at`, `expires_at` and the
    /// revocation, which stay as they are whatever `next` says: see [`Session::after_replace`]. Of
    /// any number of racing calls with one revision, exactly one returns true. The others change
    /// nothing.
    async fn replace(&self, next: &Session) -> Result<bool, StoreError>;

    /// Notes that an access token of this generation came back from the client.
    ///
    /// It sets `confirmed` and raises the revision **iff** the session is not revoked, has this
    /// generation, and is not confirmed yet: see [`Session::after_confirm`]. Otherwise it writes
    /// nothing. An unknown session is not an error.
    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError>;

    /// Does [`confirm`](Self::confirm) for each of at most 64 receipts, in any order. A session may
    /// have several. It need not be one transaction: after an error any of them may be written, and
    /// repeating the call completes it. A session that another call is writing at the moment may be
    /// left out.
    ///
    /// Every generation has a receipt, so a store that writes many in one commit has about half the
    /// commits. By default they are written one after another. The call has five seconds: a store
    /// whose `confirm` takes longer than 70 milliseconds needs a `confirm_all` of its own.
    async fn confirm_all(&self, receipts: &[Receipt]) -> Result<(), StoreError> {
        for receipt in receipts {
            self.confirm(&receipt.id, receipt.generation).await?;
        }
        Ok(())
    }

    /// Ends the session and returns true. It enters the session into the feed, writes the record,
    /// and raises the revision, in one atomic step: see [`Session::after_revoke`].
    ///
    /// A store whose feed is apart from its rows enters the session first. If the call fails
    /// between the two, every process refuses the session, and the next refresh ends it. Processes
    /// forget an entry after the [retention](crate::store::REVOCATION_RETENTION), so before that
    /// such a store ends what is in the feed and lives, as `delete_expired` of
    /// [`RedisStore`](crate::RedisStore) does. Where the two can be lost apart from each other, it
    /// also enters a session again that is revoked already: the call before may have failed, and
    /// the feed may have lost its entry.
    ///
    /// If the session is unknown or already revoked, it returns false, its row does not change, and
    /// the first record stays. The revision does not matter, and an expired session can be revoked.
    /// This is durable: after `Ok` no `replace` succeeds, and no `find` returns the session as
    /// alive.
    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError>;

    /// Does [`revoke`](Self::revoke) for every selected session whose insert had returned before
    /// this call. Each is counted by one call only.
    ///
    /// A session that is inserted in the meantime may be missed. Repeating a call that failed
    /// midway completes it.
    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError>;

    /// Returns the selected sessions that are neither revoked nor expired at `now`, with the newest
    /// `created_at` first, at most 1000. A session whose insert had returned before this call is
    /// not missing.
    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError>;

    /// Returns how many sessions [`list`](Self::list) would return, or more: sessions that have
    /// ended may count, for as long as they have a row, and so may those of other owners. Sessions
    /// of another subject never count.
    ///
    /// Every login asks this, so it should read an index only. By default it counts what `list`
    /// returns.
    async fn count(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        Ok(self.list(selection, now).await?.len())
    }

    /// Reads the feed. Without a cursor it returns every revocation within the
    /// [retention](crate::store::REVOCATION_RETENTION). With a cursor it returns every revocation
    /// that became visible after the call that returned this cursor. Repeats are allowed, gaps are
    /// not.
    ///
    /// A store may return them in pages, with [`more`](RevocationPage::more) on all but the last
    /// one, so that millions are neither in memory nor under a deadline at once. Each page has at
    /// least one new revocation. The caller reads on with the cursor of the page before. With the
    /// last page it has every revocation that was visible before it asked for the first one, and
    /// that page's cursor continues from there. If a store is set back between two pages, it begins
    /// again with a page that is [complete](RevocationPage::complete).
    ///
    /// A timestamp cannot be a cursor: clocks disagree, and the transaction with the first
    /// timestamp may commit last. The same is true of a number that is taken before the commit. **A
    /// number must never be used twice**, not even after its entry was deleted: a cursor would skip
    /// the next entry with that number.
    ///
    /// An unknown or too old cursor counts as no cursor. So does a cursor from before a moment at
    /// which the store may have been set back, through a restart, a failover or a restored backup.
    /// The caller then compares, and calls [`assert_revoked`](Self::assert_revoked).
    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError>;

    /// Enters revocations again that the store has lost. A process calls it with the revocations
    /// that it still knows, when a [complete](RevocationPage::complete) page lacks them.
    ///
    /// After `Ok` each id is in the feed for the retention from now on, whether or not it has a
    /// row. A live row is revoked as with [`revoke`](Self::revoke), for [another
    /// reason](crate::store::RevocationReason::Other). Entries that are already in the feed do not
    /// change. This is durable.
    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError>;

    /// Subscribes to the announcements of other processes. `None` means that this store has none:
    /// other processes then learn of a revocation when they next pull, within a second.
    ///
    /// A store with announcements makes one after every [`revoke`](Self::revoke),
    /// [`revoke_all`](Self::revoke_all) (one for all sessions) and
    /// [`assert_revoked`](Self::assert_revoked) that changed something, once the feed shows the
    /// change.
    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError>;

    /// Deletes rows that were not revoked and expired at least one day before `now`. It also
    /// deletes revoked rows and entries of the feed that are older than the
    /// [retention](crate::store::REVOCATION_RETENTION) at `now`.
    ///
    /// **A revoked row stays until its revocation is older than the retention, whenever the session
    /// expired**, unless it is [erased](Self::erase): until then its access tokens may still be
    /// accepted somewhere. The age of an entry is its time in the feed by the store's clock. So an
    /// entry is not deleted early if the process that revoked the session had a slow clock.
    ///
    /// It works in small batches, so that no refresh waits long for its locks.
    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError>;

    /// Deletes the rows of the selected sessions that were revoked, whenever that was, and returns
    /// how many. It is for a user whose data has to go, after [`revoke_all`](Self::revoke_all).
    ///
    /// This is durable. After `Ok` no row has the subject, the device or the data of these
    /// sessions, and no index leads to them. **Their entries in the feed stay** for the retention,
    /// so that their access tokens stay refused. Sessions that were not revoked stay. Each row is
    /// counted by one call only.
    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError>;

    /// Returns the store of short-lived things, such as the counters of the login throttle, in the
    /// same place: every process that shares the sessions shares them too.
    fn ephemeral(&self) -> &dyn EphemeralStore;

    /// Returns how often each process calls [`delete_expired`](Self::delete_expired): every hour by
    /// default.
    fn clean_up_interval(&self) -> Duration {
        Duration::from_secs(3600)
    }

    /// Closes the connections that are open only for the next pull. A process calls it when it
    /// stops asking until its next request: see
    /// [`IdlePulls::never`](crate::session::IdlePulls::never). By default this does nothing.
    async fn rest(&self) {}
}

/// Makes it possible to choose a store at run time, as in `Arc<dyn SessionStore>`.
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

    async fn confirm_all(&self, receipts: &[Receipt]) -> Result<(), StoreError> {
        (**self).confirm_all(receipts).await
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

    async fn count(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        (**self).count(selection, now).await
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

    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        (**self).erase(selection).await
    }

    fn ephemeral(&self) -> &dyn EphemeralStore {
        (**self).ephemeral()
    }

    fn clean_up_interval(&self) -> Duration {
        (**self).clean_up_interval()
    }

    async fn rest(&self) {
        (**self).rest().await;
    }
}

/// Returns what `list` returns of these sessions: the newest first, at most [`MAX_LISTED`].
pub(super) fn newest(mut sessions: Vec<Session>) -> Vec<Session> {
    sessions.sort_unstable_by_key(|session| Reverse(session.created_at()));
    sessions.truncate(MAX_LISTED);
    sessions
}

/// The maximum number of sessions that `list` returns.
pub(crate) const MAX_LISTED: usize = 1000;

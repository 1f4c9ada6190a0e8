//! [`EphemeralStore`] is the contract about short-lived things.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::change::{Charge, Entry, Refund};
use super::key::EphemeralKey;
use super::lane::Found;
use crate::clock::Timestamp;
use crate::store::error::StoreError;

/// Keeps short-lived things that processes share: counters, as of guesses at a password, and
/// values, as of [tickets](crate::bearer::Tickets).
///
/// Every [`SessionStore`](crate::store::SessionStore) has one beside its sessions:
/// [`ephemeral`](crate::store::SessionStore::ephemeral).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_bearer::store::StoreError> {
/// use std::time::Duration;
/// use tower_bearer::MemoryStore;
/// use tower_bearer::clock::{Clock, SystemClock};
/// use tower_bearer::store::{Entry, EphemeralKey, SessionStore};
///
/// let (store, now) = (MemoryStore::new(), SystemClock.now());
/// let store = store.ephemeral();
/// let key = EphemeralKey::new(*b"used", [7; 16]);
/// let entry = Entry::new(key, b"", Duration::from_secs(30));
/// assert!(store.put_new(entry, now).await?);
/// assert!(!store.put_new(entry, now).await?);
/// # Ok(())
/// # }
/// ```
///
/// # Contract
///
/// `store_conformance!` has a function for each promise.
///
/// - **Each key is atomic**, a call with several keys is not: a process that crashes midway leaves
///   some of them done. The keys of one call differ. Answers are in the order of the keys, and
///   calls with the same keys in any order never wait for each other in a circle.
/// - **After `Ok`** every later call sees the effect, from every process. What was written is there
///   until it ends, unless the store itself crashed and lost it, or is [full](#room).
/// - **After `Err`** the outcome is unknown. The caller refuses what it was asked, with 503: a
///   store that fails never lets a guess pass.
/// - **What has ended is absent**, whether or not it was deleted. A counter ends when it has no
///   more debt, and a value after its lifetime.
/// - **Keys of two kinds never meet.** A kind has either counters or values, and a store need not
///   check that.
///
/// **Clocks.** A store on a server measures by the server's clock, so that the clocks of processes
/// need not agree, and ignores `now`. A store without one uses `now`. The moments in answers are by
/// the clock of `now` in both cases. A counter that was written while a clock was ahead frees
/// itself: a debt that no charge can have made counts as none, as [`Lane`](super::Lane) says.
///
/// # Room
///
/// Keys are bounded by their users, and what has ended is deleted. Where there is no room left
/// nevertheless, [`note`](Self::note) and [`put_new`](Self::put_new) fail, and of counters those
/// with the least debt go. Values never go. [`MemoryStore`](crate::MemoryStore) has room for a
/// million counters, and for 128 MiB of values; in other stores the disk is the bound, or the
/// memory of Redis.
#[async_trait]
pub trait EphemeralStore: fmt::Debug + Send + Sync + 'static {
    /// Reads all keys in one round trip. It returns what is at each of them, in their order.
    async fn read(
        &self,
        keys: &[EphemeralKey],
        now: Timestamp,
    ) -> Result<Vec<Option<Found>>, StoreError>;

    /// Adds one unit to each counter whose [lane](super::Lane) allows it, and returns for each
    /// whether it did: see [`Lane::charged`](super::Lane::charged). A counter that does not allow
    /// it is not changed. Of any number of racing calls, exactly as many succeed as the lane has
    /// room for.
    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Vec<bool>, StoreError>;

    /// Takes debts back. A counter never has less than none: a refund does not make room for more
    /// than the burst. It is not an error if the counter is gone.
    async fn give_back(&self, refunds: &[Refund], now: Timestamp) -> Result<(), StoreError>;

    /// Writes a value, over one that is there.
    async fn note(&self, entry: Entry<'_>, now: Timestamp) -> Result<(), StoreError>;

    /// Writes a value unless one is there that has not ended. Of racing calls for one key, exactly
    /// one returns `true`.
    async fn put_new(&self, entry: Entry<'_>, now: Timestamp) -> Result<bool, StoreError>;

    /// Removes a value, and returns it if it has not ended. Of racing calls for one key, exactly
    /// one has it.
    async fn take(&self, key: EphemeralKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError>;

    /// Deletes what has ended, in small batches, and returns how many entries it deleted. Each
    /// process calls it as often as
    /// [`delete_expired`](crate::store::SessionStore::delete_expired). It is zero where entries
    /// expire by themselves, as in Redis.
    async fn delete_ended(&self, now: Timestamp) -> Result<u64, StoreError>;
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: EphemeralStore + ?Sized> EphemeralStore for Arc<T> {
    async fn read(
        &self,
        keys: &[EphemeralKey],
        now: Timestamp,
    ) -> Result<Vec<Option<Found>>, StoreError> {
        (**self).read(keys, now).await
    }

    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Vec<bool>, StoreError> {
        (**self).charge(charges, now).await
    }

    async fn give_back(&self, refunds: &[Refund], now: Timestamp) -> Result<(), StoreError> {
        (**self).give_back(refunds, now).await
    }

    async fn note(&self, entry: Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
        (**self).note(entry, now).await
    }

    async fn put_new(&self, entry: Entry<'_>, now: Timestamp) -> Result<bool, StoreError> {
        (**self).put_new(entry, now).await
    }

    async fn take(&self, key: EphemeralKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).take(key, now).await
    }

    async fn delete_ended(&self, now: Timestamp) -> Result<u64, StoreError> {
        (**self).delete_ended(now).await
    }
}

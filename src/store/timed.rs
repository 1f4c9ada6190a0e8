//! [`TimedStore`] measures how long the calls of a store take (feature `metrics`).

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::answers::{DeletedSessions, RevokedSessions};
use super::contract::SessionStore;
use super::ephemeral::{Charge, Entry, EphemeralKey, EphemeralStore, Found, Refund};
use super::error::StoreError;
use super::feed::{Announcements, Cursor, RevocationPage};
use super::revocation_reason::RevocationRecord;
use super::selection::SessionSelection;
use super::session::Session;
use crate::clock::Timestamp;
use crate::names::SessionId;
use crate::revocation::Receipt;

/// A store whose calls are measured: the histogram `tower_bearer_store_seconds`.
pub(crate) struct TimedStore(Arc<dyn SessionStore>);

impl TimedStore {
    pub(crate) fn new(store: Arc<dyn SessionStore>) -> Self {
        metrics::describe_histogram!(
            SECONDS,
            metrics::Unit::Seconds,
            "How long a call of the session store took"
        );
        Self(store)
    }

    /// The store itself, and not the `Arc`, whose calls are boxed once more.
    fn store(&self) -> &dyn SessionStore {
        &*self.0
    }
}

/// A call that is under way. One that is given up, at a deadline or because the client hung up,
/// counts too.
struct Timer {
    call: &'static str,
    began: Instant,
    outcome: &'static str,
}

impl Timer {
    async fn measure<T>(
        call: &'static str,
        asked: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let mut timer = Self {
            call,
            began: Instant::now(),
            outcome: "given_up",
        };
        let answer = asked.await;
        timer.outcome = if answer.is_ok() { "ok" } else { "error" };
        answer
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        let (call, outcome) = (self.call, self.outcome);
        metrics::histogram!(SECONDS, "call" => call, "outcome" => outcome)
            .record(self.began.elapsed());
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl SessionStore for TimedStore {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        Timer::measure("insert", self.store().insert(session)).await
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        Timer::measure("find", self.store().find(id)).await
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        Timer::measure("replace", self.store().replace(next)).await
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        Timer::measure("confirm", self.store().confirm(id, generation)).await
    }

    async fn confirm_all(&self, receipts: &[Receipt]) -> Result<(), StoreError> {
        Timer::measure("confirm_all", self.store().confirm_all(receipts)).await
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        Timer::measure("revoke", self.store().revoke(id, record)).await
    }

    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError> {
        Timer::measure("revoke_all", self.store().revoke_all(selection, record)).await
    }

    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        Timer::measure("list", self.store().list(selection, now)).await
    }

    async fn count(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        Timer::measure("count", self.store().count(selection, now)).await
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        Timer::measure("revoked_since", self.store().revoked_since(cursor)).await
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        Timer::measure("assert_revoked", self.store().assert_revoked(ids, now)).await
    }

    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        Timer::measure("announcements", self.store().announcements()).await
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError> {
        Timer::measure("delete_expired", self.store().delete_expired(now)).await
    }

    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        Timer::measure("erase", self.store().erase(selection)).await
    }

    fn ephemeral(&self) -> &dyn EphemeralStore {
        self
    }

    fn clean_up_interval(&self) -> Duration {
        self.store().clean_up_interval()
    }

    async fn rest(&self) {
        self.store().rest().await;
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl EphemeralStore for TimedStore {
    async fn read(
        &self,
        keys: &[EphemeralKey],
        now: Timestamp,
    ) -> Result<Vec<Option<Found>>, StoreError> {
        Timer::measure("read", self.store().ephemeral().read(keys, now)).await
    }

    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Vec<bool>, StoreError> {
        Timer::measure("charge", self.store().ephemeral().charge(charges, now)).await
    }

    async fn give_back(&self, refunds: &[Refund], now: Timestamp) -> Result<(), StoreError> {
        Timer::measure(
            "give_back",
            self.store().ephemeral().give_back(refunds, now),
        )
        .await
    }

    async fn note(&self, entry: Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
        Timer::measure("note", self.store().ephemeral().note(entry, now)).await
    }

    async fn put_new(&self, entry: Entry<'_>, now: Timestamp) -> Result<bool, StoreError> {
        Timer::measure("put_new", self.store().ephemeral().put_new(entry, now)).await
    }

    async fn take(&self, key: EphemeralKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        Timer::measure("take", self.store().ephemeral().take(key, now)).await
    }

    async fn delete_ended(&self, now: Timestamp) -> Result<u64, StoreError> {
        Timer::measure("delete_ended", self.store().ephemeral().delete_ended(now)).await
    }
}

impl fmt::Debug for TimedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

const SECONDS: &str = "tower_bearer_store_seconds";

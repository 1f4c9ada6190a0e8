//! Two stores on one place, asked in turn: neither may keep anything to itself.

use std::sync::atomic::{AtomicUsize, Ordering};

use tower_bearer::clock::Timestamp;
use tower_bearer::names::SessionId;
use tower_bearer::store::{
    Announcements, Cursor, DeletedSessions, EphemeralStore, Receipt, RevocationPage,
    RevocationRecord, RevokedSessions, SessionSelection, StoreError, async_trait,
};
use tower_bearer::store::{Session, SessionStore};

/// The first call goes to the first of the two.
#[derive(Debug)]
pub struct InTurn<S> {
    stores: [S; 2],
    calls: AtomicUsize,
}

impl<S> InTurn<S> {
    /// Both have to be on the same place.
    pub fn new(stores: [S; 2]) -> Self {
        Self {
            stores,
            calls: AtomicUsize::new(0),
        }
    }

    fn next(&self) -> &S {
        &self.stores[self.calls.fetch_add(1, Ordering::Relaxed) % 2]
    }
}

#[async_trait]
impl<S: SessionStore> SessionStore for InTurn<S> {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        self.next().insert(session).await
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.next().find(id).await
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        self.next().replace(next).await
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        self.next().confirm(id, generation).await
    }

    async fn confirm_all(&self, receipts: &[Receipt]) -> Result<(), StoreError> {
        self.next().confirm_all(receipts).await
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        self.next().revoke(id, record).await
    }

    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError> {
        self.next().revoke_all(selection, record).await
    }

    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.next().list(selection, now).await
    }

    async fn count(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        self.next().count(selection, now).await
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        self.next().revoked_since(cursor).await
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        self.next().assert_revoked(ids, now).await
    }

    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        self.next().announcements().await
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError> {
        self.next().delete_expired(now).await
    }

    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        self.next().erase(selection).await
    }

    fn ephemeral(&self) -> &dyn EphemeralStore {
        self.next().ephemeral()
    }
}

//! [`Flaky`]: a store for the tests of what happens when the store is down.

#![allow(dead_code, reason = "each test file uses a part")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tower_bearer::store::{Cursor, RevocationPage, Revoked, StoreError, async_trait};
use tower_bearer::{MemoryStore, Session, SessionId, SessionStore, Subject, Timestamp};

/// A store that is down at times.
#[derive(Debug, Default)]
pub(crate) struct Flaky {
    store: MemoryStore,
    pub(crate) down: AtomicBool,
    /// How often it was told of a receipt.
    pub(crate) confirms: AtomicUsize,
}

impl Flaky {
    fn up(&self) -> Result<&MemoryStore, StoreError> {
        if self.down.load(Ordering::Relaxed) { Err(StoreError::new("flaky", "it is down")) } else { Ok(&self.store) }
    }
}

#[async_trait]
impl SessionStore for Flaky {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        self.up()?.insert(session).await
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        self.up()?.find(id).await
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        self.up()?.replace(next).await
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        self.confirms.fetch_add(1, Ordering::Relaxed);
        self.up()?.confirm(id, generation).await
    }

    async fn revoke(&self, id: &SessionId, because: Revoked, now: Timestamp) -> Result<bool, StoreError> {
        self.up()?.revoke(id, because, now).await
    }

    async fn revoke_all(&self, subject: &Subject, because: Revoked, now: Timestamp) -> Result<u64, StoreError> {
        self.up()?.revoke_all(subject, because, now).await
    }

    async fn list(&self, subject: &Subject, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        self.up()?.list(subject, now).await
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        self.up()?.revoked_since(cursor).await
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.up()?.delete_expired(now).await
    }
}

//! [`Flood`] is a store whose feed has a million revocations all at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tower_bearer::MemoryStore;
use tower_bearer::clock::Timestamp;
use tower_bearer::names::SessionId;
use tower_bearer::store::{
    Announcements, Cursor, DeletedSessions, EphemeralStore, Revocation, RevocationPage,
    RevocationRecord, RevokedSessions, Session, SessionSelection, SessionStore, StoreError,
    async_trait,
};

/// Keeps no row: sessions only begin, and are looked for in the feed.
#[derive(Clone, Debug, Default)]
pub struct Flood(Arc<State>);

#[derive(Debug, Default)]
struct State {
    next: Mutex<Vec<Revocation>>,
    pulls: AtomicUsize,
    ephemeral: MemoryStore,
}

impl Flood {
    /// Puts these revocations on the next page of the feed.
    pub fn release(&self, revoked: Vec<Revocation>) {
        *self.0.next.lock().unwrap_or_else(PoisonError::into_inner) = revoked;
    }

    /// Returns whether the page is still to come.
    pub fn is_full(&self) -> bool {
        let next = self.0.next.lock().unwrap_or_else(PoisonError::into_inner);
        !next.is_empty()
    }

    /// Returns how often the feed was read. It is read again once a page was entered.
    pub fn pulls(&self) -> usize {
        self.0.pulls.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl SessionStore for Flood {
    async fn insert(&self, _: &Session) -> Result<(), StoreError> {
        Ok(())
    }

    async fn find(&self, _: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(None)
    }

    async fn replace(&self, _: &Session) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn confirm(&self, _: &SessionId, _: u32) -> Result<(), StoreError> {
        Ok(())
    }

    async fn revoke(&self, _: &SessionId, _: RevocationRecord) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn revoke_all(
        &self,
        _: &SessionSelection,
        _: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError> {
        Ok(RevokedSessions::new(0))
    }

    async fn list(&self, _: &SessionSelection, _: Timestamp) -> Result<Vec<Session>, StoreError> {
        Ok(Vec::new())
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        let revoked = {
            let mut next = self.0.next.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *next)
        };
        let mut page = RevocationPage::new(revoked, Cursor::new("0"));
        page.complete = cursor.is_none();
        self.0.pulls.fetch_add(1, Ordering::Relaxed);
        Ok(page)
    }

    async fn assert_revoked(&self, _: &[SessionId], _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        Ok(None)
    }

    async fn delete_expired(&self, _: Timestamp) -> Result<DeletedSessions, StoreError> {
        Ok(DeletedSessions::new(0))
    }

    async fn erase(&self, _: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        Ok(DeletedSessions::new(0))
    }

    fn ephemeral(&self) -> &dyn EphemeralStore {
        self.0.ephemeral.ephemeral()
    }
}

//! [`MemoryStore`].

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::contract::{MAX_LISTED, SessionStore};
use super::error::StoreError;
use super::feed::{Announcements, Cursor, RevocationPage};
use super::retention::Ended;
use super::revocation_reason::{RevocationReason, RevocationRecord};
use super::session::{Session, SessionParts};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::names::{SessionId, Subject};
use crate::revocation::Revocation;

/// Sessions in memory: gone when the process ends, and unknown to every other process.
///
/// For tests, and for applications whose users may log in again after a restart. Give it a secret of the process's own, by
/// [`Secret::random`](crate::Secret::random): with one that survives a restart, access tokens that were revoked before it count again.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rows: HashMap<SessionId, SessionParts>,
    /// In the order of their sequence numbers, which are taken under the lock: whoever took one has committed when the next is taken.
    feed: Vec<Entry>,
    last_sequence: u64,
}

struct Entry {
    sequence: u64,
    id: SessionId,
    /// Not before this moment by the system's clock, whatever clock revoked.
    entered_at: Timestamp,
    since: Duration,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts the sessions, and names nobody.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("sessions", &self.state().rows.len()).finish_non_exhaustive()
    }
}

impl State {
    fn revoke(&mut self, id: &SessionId, record: RevocationRecord) -> bool {
        let Some(row) = self.rows.get_mut(id).filter(|row| row.revoked.is_none()) else { return false };
        row.revoked = Some(record);
        row.revision += 1;
        self.enter_feed(id, record.at);
        true
    }

    fn enter_feed(&mut self, id: &SessionId, now: Timestamp) {
        self.last_sequence += 1;
        let entered_at = now.max(SystemClock.now());
        self.feed.push(Entry { sequence: self.last_sequence, id: *id, entered_at, since: SystemClock.monotonic() });
    }
}

impl Entry {
    fn aged(&self) -> Revocation {
        Revocation { id: self.id, age: SystemClock.monotonic().saturating_sub(self.since) }
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.rows.contains_key(session.id()) {
            return Err(StoreError::new("memory", "the session id is there already"));
        }
        state.rows.insert(*session.id(), session.parts().clone());
        Ok(())
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.state().rows.get(id).cloned().map(Session::from_parts))
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        let next = next.parts();
        let mut state = self.state();
        let row = state.rows.get_mut(&next.id);
        let Some(row) = row.filter(|row| row.revoked.is_none() && row.revision + 1 == next.revision) else {
            return Ok(false);
        };
        row.generation = next.generation;
        row.rotated_at = next.rotated_at;
        row.confirmed = next.confirmed;
        row.recoveries = next.recoveries;
        row.recovered = next.recovered;
        row.retry_key = next.retry_key;
        row.revision = next.revision;
        Ok(true)
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        if let Some(row) = self.state().rows.get_mut(id)
            && row.revoked.is_none()
            && row.generation == generation
            && !row.confirmed
        {
            row.confirmed = true;
            row.revision += 1;
        }
        Ok(())
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        Ok(self.state().revoke(id, record))
    }

    async fn revoke_all(&self, subject: &Subject, record: RevocationRecord) -> Result<u64, StoreError> {
        let mut state = self.state();
        let ids: Vec<SessionId> = state.rows.values().filter(|row| row.subject == *subject).map(|row| row.id).collect();
        Ok(ids.iter().map(|id| u64::from(state.revoke(id, record))).sum())
    }

    async fn list(&self, subject: &Subject, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let live = |row: &&SessionParts| row.subject == *subject && row.revoked.is_none() && now < row.expires_at;
        let mut rows: Vec<SessionParts> = self.state().rows.values().filter(live).cloned().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.created_at));
        rows.truncate(MAX_LISTED);
        Ok(rows.into_iter().map(Session::from_parts).collect())
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        let state = self.state();
        // A cursor of another process, or of none, starts at the beginning.
        let seen = cursor.and_then(|cursor| cursor.as_str().parse().ok()).filter(|&seen| seen <= state.last_sequence);
        Ok(RevocationPage {
            complete: seen.is_none(),
            revoked: state
                .feed
                .iter()
                .filter(|entry| seen.is_none_or(|seen: u64| entry.sequence > seen))
                .map(Entry::aged)
                .collect(),
            cursor: Cursor::new(state.last_sequence.to_string()),
            store_time: None,
        })
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        for id in ids {
            if !state.revoke(id, RevocationReason::Other.at(now)) && !state.feed.iter().any(|entry| entry.id == *id) {
                state.enter_feed(id, now);
            }
        }
        Ok(())
    }

    /// Nobody else can revoke anything here.
    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        Ok(None)
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut state = self.state();
        let (ended, before) = (Ended::by(now), state.rows.len());
        state.rows.retain(|_, row| match row.revoked {
            Some(record) => record.at > ended.revoked,
            None => row.expires_at > ended.expired,
        });
        state.feed.retain(|entry| entry.entered_at > ended.revoked);
        Ok((before - state.rows.len()) as u64)
    }
}

//! [`MemoryStore`] keeps sessions in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::answers::{DeletedSessions, RevokedSessions};
use super::contract::{SessionStore, newest};
use super::error::StoreError;
use super::feed::{Announcements, Cursor, RevocationPage};
use super::retention::Ended;
use super::revocation_reason::{RevocationReason, RevocationRecord};
use super::selection::SessionSelection;
use super::session::Session;
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::names::SessionId;
use crate::revocation::Revocation;

/// A store in memory. Its sessions are lost when the process ends, and other processes do not know
/// them.
///
/// It is for tests, and for applications whose users may log in again after a restart. Give the
/// application a new secret for each process with [`Secret::random`](crate::Secret::random): with a
/// secret that survives a restart, access tokens that were revoked before it are accepted again.
///
/// The store is cheap to clone. Clones share the same sessions.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    rows: HashMap<SessionId, Session>,
    /// The feed, in the order of the sequence numbers. They are taken under the lock, so all
    /// entries up to the last number are here.
    feed: Vec<Entry>,
    last_sequence: u64,
}

struct Entry {
    sequence: u64,
    id: SessionId,
    /// When it was entered. This is never earlier than the time of the system's clock, whatever
    /// clock the revocation was made with.
    entered_at: Timestamp,
    /// When it was entered, by the monotonic clock.
    since: Duration,
}

impl MemoryStore {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows the number of sessions, and no session.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("sessions", &self.state().rows.len())
            .finish_non_exhaustive()
    }
}

impl State {
    /// Changes a row as the rule says. Returns false if the row does not exist, or does not change.
    fn change(&mut self, id: &SessionId, rule: impl FnOnce(&Session) -> Option<Session>) -> bool {
        let Some(row) = self.rows.get_mut(id) else {
            return false;
        };
        let Some(next) = rule(row) else { return false };
        *row = next;
        true
    }

    fn revoke(&mut self, id: &SessionId, record: RevocationRecord) -> bool {
        let revoked = self.change(id, |row| row.after_revoke(record));
        if revoked {
            self.enter_feed(id, record.at);
        }
        revoked
    }

    fn enter_feed(&mut self, id: &SessionId, now: Timestamp) {
        self.last_sequence += 1;
        let entered_at = now.max(SystemClock.now());
        self.feed.push(Entry {
            sequence: self.last_sequence,
            id: *id,
            entered_at,
            since: SystemClock.monotonic(),
        });
    }
}

impl Entry {
    fn aged(&self) -> Revocation {
        Revocation::new(self.id, SystemClock.monotonic().saturating_sub(self.since))
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.rows.contains_key(session.id()) {
            return Err(StoreError::new("memory", "the session id already exists"));
        }
        state.rows.insert(*session.id(), session.clone());
        Ok(())
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.state().rows.get(id).cloned())
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        Ok(self
            .state()
            .change(next.id(), |row| row.after_replace(next)))
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        self.state().change(id, |row| row.after_confirm(generation));
        Ok(())
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        Ok(self.state().revoke(id, record))
    }

    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError> {
        let mut state = self.state();
        let selected = state
            .rows
            .values()
            .filter(|row| selection.matches(row))
            .map(|row| *row.id());
        let selected: Vec<SessionId> = selected.collect();
        Ok(RevokedSessions::new(
            selected
                .iter()
                .map(|id| u64::from(state.revoke(id, record)))
                .sum(),
        ))
    }

    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let lives = |row: &&Session| {
            selection.matches(row) && row.revoked().is_none() && now < row.expires_at()
        };
        Ok(newest(
            self.state().rows.values().filter(lives).cloned().collect(),
        ))
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        let state = self.state();
        // A cursor of another process, or one that is not a number, starts at the beginning.
        let seen = cursor
            .and_then(|cursor| cursor.as_str().parse().ok())
            .filter(|&seen| seen <= state.last_sequence);
        let after = state
            .feed
            .iter()
            .filter(|entry| seen.is_none_or(|seen: u64| entry.sequence > seen));
        let mut page = RevocationPage::new(
            after.map(Entry::aged).collect(),
            Cursor::new(state.last_sequence.to_string()),
        );
        page.complete = seen.is_none();
        Ok(page)
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        for id in ids {
            if !state.revoke(id, RevocationReason::Other.at(now))
                && !state.feed.iter().any(|entry| entry.id == *id)
            {
                state.enter_feed(id, now);
            }
        }
        Ok(())
    }

    // No other process can revoke anything here.
    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        Ok(None)
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError> {
        let mut state = self.state();
        let (ended, before) = (Ended::by(now), state.rows.len());
        state.rows.retain(|_, row| match row.revoked() {
            Some(record) => record.at > ended.revoked,
            None => row.expires_at() > ended.expired,
        });
        state.feed.retain(|entry| entry.entered_at > ended.revoked);
        Ok(DeletedSessions::new((before - state.rows.len()) as u64))
    }

    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        let mut state = self.state();
        let before = state.rows.len();
        let stays = |row: &Session| row.revoked().is_none() || !selection.matches(row);
        state.rows.retain(|_, row| stays(row));
        Ok(DeletedSessions::new((before - state.rows.len()) as u64))
    }
}

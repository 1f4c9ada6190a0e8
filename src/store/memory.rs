//! [`MemoryStore`] keeps sessions in memory.

mod subjects;

use std::collections::{HashMap, HashSet, hash_map};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use self::subjects::Subjects;
use super::answers::{DeletedSessions, RevokedSessions};
use super::contract::{MAX_LISTED, SessionStore, newest};
use super::ephemeral::{EphemeralParts, EphemeralStore};
use super::error::StoreError;
use super::feed::{Announcements, Cursor, REVOCATIONS_AT_ONCE, RevocationPage};
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
pub struct MemoryStore(Arc<Shared>);

/// The rows in parts, so that two refreshes rarely wait for each other, the index by subject, and
/// the feed.
///
/// **The order of the locks.** A call that enters the feed locks the part of the row first, changes
/// the row, and enters the feed before it unlocks the part. So no call sees a revoked row whose
/// entry is missing, or an entry whose row still lives. It is the same with the index, which has
/// every row. No call locks a part while it has the feed, the index or another part, so there is no
/// deadlock.
#[derive(Default)]
struct Shared {
    parts: [Part; PARTS],
    subjects: Subjects,
    feed: Mutex<Feed>,
    ephemeral: EphemeralParts,
}

/// The rows whose ids begin alike. Each part has a cache line of its own, so that threads with
/// different parts do not disturb each other.
#[derive(Default)]
#[repr(align(64))]
struct Part(Mutex<Rows>);

type Rows = HashMap<SessionId, Session, BuildHasherDefault<IdHasher>>;

#[derive(Default)]
struct Feed {
    /// The entries, in the order of the sequence numbers. A number is taken and its entry is pushed
    /// under one lock, so all entries up to the last number are here.
    entries: Vec<Entry>,
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

    /// Makes an empty store with room for so many [short-lived values](EphemeralStore).
    pub(crate) fn with_most_values(most_values: usize) -> Self {
        Self(Arc::new(Shared {
            ephemeral: EphemeralParts::with_most_values(most_values),
            ..Shared::default()
        }))
    }

    /// Returns how many short-lived values there are, with those that have ended and were not
    /// deleted yet.
    pub(crate) fn values(&self) -> usize {
        self.0.ephemeral.values()
    }

    /// Returns the rows among which the row with this id is. Ids are hashes, so their first bytes
    /// spread them evenly.
    fn rows(&self, id: &SessionId) -> MutexGuard<'_, Rows> {
        let [first, ..] = *id.as_bytes();
        self.0.parts[usize::from(first) % PARTS].rows()
    }

    /// Iterates over all rows, one part at a time.
    fn all_rows(&self) -> impl Iterator<Item = MutexGuard<'_, Rows>> {
        self.0.parts.iter().map(Part::rows)
    }

    fn feed(&self) -> MutexGuard<'_, Feed> {
        self.0.feed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Revokes a row, whose part the caller has locked, and enters the feed. Returns false if it
    /// was already revoked.
    fn revoke_row(&self, row: &mut Session, record: RevocationRecord) -> bool {
        let Some(next) = row.after_revoke(record) else {
            return false;
        };
        *row = next;
        self.feed().enter(row.id(), record.at);
        true
    }

    /// Lets a row whose part the caller has locked leave the index.
    fn forget(&self, row: &Session) {
        self.0.subjects.leave(row.subject(), row.id());
    }

    /// Deletes the rows that `stays` refuses, and returns how many. Refreshes wait for one part at
    /// most.
    fn retain(&self, stays: impl Fn(&Session) -> bool) -> DeletedSessions {
        let mut deleted = 0;
        for mut rows in self.all_rows() {
            let gone = rows.extract_if(|_, row| !stays(row));
            deleted += gone.map(|(_, row)| self.forget(&row)).count();
        }
        DeletedSessions::new(deleted as u64)
    }
}

/// Shows the number of sessions, and no session.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sessions: usize = self.all_rows().map(|rows| rows.len()).sum();
        f.debug_struct("MemoryStore")
            .field("sessions", &sessions)
            .finish_non_exhaustive()
    }
}

/// Takes the last bytes of an id as its hash. An id is half a SHA-256 of random bytes, which no
/// client chooses, so another hash of it would spread the rows no better.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, id: &[u8]) {
        if let Some(last) = id.last_chunk() {
            self.0 = u64::from_le_bytes(*last);
        }
    }

    // The length comes before the bytes, and is always the same.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Part {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feed {
    fn enter(&mut self, id: &SessionId, now: Timestamp) {
        self.last_sequence += 1;
        let entered_at = now.max(SystemClock.now());
        self.entries.push(Entry {
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
        match self.rows(session.id()).entry(*session.id()) {
            hash_map::Entry::Occupied(_) => {
                Err(StoreError::new("memory", "the session id already exists"))
            }
            hash_map::Entry::Vacant(place) => {
                self.0.subjects.enter(session.subject(), *session.id());
                place.insert(session.clone());
                Ok(())
            }
        }
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.rows(id).get(id).cloned())
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        // The copy is made before the lock, and the old row is dropped after it.
        let mut next = next.clone();
        let mut rows = self.rows(next.id());
        let replaced = rows
            .get_mut(next.id())
            .is_some_and(|row| row.replace_with(&mut next));
        drop(rows);
        Ok(replaced)
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        if let Some(row) = self.rows(id).get_mut(id)
            && let Some(next) = row.after_confirm(generation)
        {
            *row = next;
        }
        Ok(())
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        let mut rows = self.rows(id);
        Ok(rows
            .get_mut(id)
            .is_some_and(|row| self.revoke_row(row, record)))
    }

    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError> {
        let mut revoked = 0;
        for id in self.0.subjects.of(selection.subject()) {
            let mut rows = self.rows(&id);
            let row = rows.get_mut(&id).filter(|row| selection.matches(row));
            revoked += u64::from(row.is_some_and(|row| self.revoke_row(row, record)));
        }
        Ok(RevokedSessions::new(revoked))
    }

    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let lives = |row: &&Session| {
            selection.matches(row) && row.revoked().is_none() && now < row.expires_at()
        };
        let ids = self.0.subjects.of(selection.subject()).into_iter();
        let found = ids.filter_map(|id| self.rows(&id).get(&id).filter(lives).cloned());
        Ok(newest(found.collect()))
    }

    async fn count(&self, selection: &SessionSelection, _: Timestamp) -> Result<usize, StoreError> {
        Ok(self.0.subjects.count(selection.subject()).min(MAX_LISTED))
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        let feed = self.feed();
        // A cursor of another process, or one that is not a number, starts at the beginning.
        let seen = cursor
            .and_then(|cursor| cursor.as_str().parse::<u64>().ok())
            .filter(|&seen| seen <= feed.last_sequence);
        let after = |entry: &Entry| seen.is_none_or(|seen| entry.sequence > seen);
        let first = feed.entries.partition_point(|entry| !after(entry));
        let left = &feed.entries[first..];
        let read = &left[..left.len().min(REVOCATIONS_AT_ONCE)];
        let more = read.len() < left.len();
        let last = read.last().filter(|_| more);
        let last = last.map_or(feed.last_sequence, |last| last.sequence);
        let mut page = RevocationPage::new(
            read.iter().map(Entry::aged).collect(),
            Cursor::new(last.to_string()),
        );
        (page.complete, page.more) = (seen.is_none(), more);
        Ok(page)
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        let entered: HashSet<SessionId> = {
            let feed = self.feed();
            feed.entries.iter().map(|entry| entry.id).collect()
        };
        for id in ids {
            // The part stays locked, so that the row cannot be revoked in between.
            let mut rows = self.rows(id);
            let record = RevocationReason::Other.at(now);
            let revoked = rows
                .get_mut(id)
                .is_some_and(|row| self.revoke_row(row, record));
            if !revoked && !entered.contains(id) {
                self.feed().enter(id, now);
            }
        }
        Ok(())
    }

    // No other process can revoke anything here.
    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        Ok(None)
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError> {
        let ended = Ended::by(now);
        let deleted = self.retain(|row| match row.revoked() {
            Some(record) => record.at > ended.revoked,
            None => row.expires_at() > ended.expired,
        });
        let entries = &mut self.feed().entries;
        entries.retain(|entry| entry.entered_at > ended.revoked);
        Ok(deleted)
    }

    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        let mut erased = 0;
        for id in self.0.subjects.of(selection.subject()) {
            let mut rows = self.rows(&id);
            let goes = |row: &Session| row.revoked().is_some() && selection.matches(row);
            if rows.get(&id).is_some_and(goes)
                && let Some(row) = rows.remove(&id)
            {
                self.forget(&row);
                erased += 1;
            }
        }
        Ok(DeletedSessions::new(erased))
    }

    fn ephemeral(&self) -> &dyn EphemeralStore {
        &self.0.ephemeral
    }
}

/// A few times the number of threads that refresh at once on usual machines.
const PARTS: usize = 16;

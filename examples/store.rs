//! Your own session store: everything that [`SessionStore`] asks for, over a map.
//!
//! A real store differs: rows and feed are on a disk, `Ok` comes after the write, and the
//! lock is a transaction or a compare-and-swap of the database. `tests/store` runs the conformance
//! suite over this store, as you do over yours: `tower_bearer::store_conformance!(async ||
//! MapStore::default());`

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tower_bearer::clock::{Clock, SystemClock, Timestamp};
use tower_bearer::names::SessionId;
use tower_bearer::store::{
    Announcements, Charge, Counter, Cursor, DeletedSessions, Entry, EphemeralKey, EphemeralStore,
    Found, Refund, Revocation, RevocationPage, RevocationReason, RevocationRecord, RevokedSessions,
    SessionParts, SessionSelection, StoreError, async_trait,
};
use tower_bearer::store::{REVOCATION_RETENTION, Session, SessionStore};

#[derive(Debug, Default)]
pub(crate) struct MapStore(Mutex<State>);

/// Everything is read and written under one lock: so every call is atomic.
#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<SessionId, Session>,
    /// The key is a number that is taken in the step that revokes: smaller numbers came before.
    feed: BTreeMap<u64, (SessionId, Timestamp)>,
    /// The last number. It stays when its entry is deleted: no number is given out twice.
    last: u64,
    /// Counters and values, with the moment at which each ends.
    ephemeral: BTreeMap<EphemeralKey, (Found, Timestamp)>,
}

impl MapStore {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The row is changed as the contract says, if there is one and it has something to change.
    fn change(&mut self, id: &SessionId, rule: impl FnOnce(&Session) -> Option<Session>) -> bool {
        let next = self.rows.get(id).and_then(rule);
        next.is_some_and(|next| self.rows.insert(*id, next).is_some())
    }

    fn revoke(&mut self, id: &SessionId, record: RevocationRecord) -> bool {
        let revoked = self.change(id, |row| row.after_revoke(record));
        if revoked {
            self.enter_feed(id, record.at);
        }
        revoked
    }

    /// What has ended is absent.
    fn found(&self, key: &EphemeralKey, now: Timestamp) -> Option<Found> {
        let (found, until) = self.ephemeral.get(key)?;
        (*until > now).then(|| found.clone())
    }

    fn counter(&self, key: &EphemeralKey, now: Timestamp) -> Option<Counter> {
        match self.found(key, now)? {
            Found::Counter(counter) => Some(counter),
            Found::Value(_) => None,
        }
    }

    fn count(&mut self, key: EphemeralKey, counter: Counter) {
        let row = (Found::Counter(counter), counter.end());
        self.ephemeral.insert(key, row);
    }

    /// An entry is new, whatever clock the revoking process has: this store's own clock decides.
    fn enter_feed(&mut self, id: &SessionId, at: Timestamp) {
        self.last += 1;
        self.feed
            .insert(self.last, (*id, at.max(SystemClock.now())));
    }
}

#[async_trait]
impl SessionStore for MapStore {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.rows.contains_key(session.id()) {
            return Err(StoreError::new("map", "the session id already exists"));
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
        let ids: Vec<_> = state
            .rows
            .values()
            .filter(|row| selection.matches(row))
            .map(|row| *row.id())
            .collect();
        let revoked = ids.iter().filter(|id| state.revoke(id, record)).count();
        Ok(RevokedSessions::new(revoked as u64))
    }

    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        let mut rows: Vec<_> = self
            .state()
            .rows
            .values()
            .filter(|row| selection.matches(row))
            .cloned()
            .collect();
        rows.retain(|row| row.revoked().is_none() && now < row.expires_at());
        rows.sort_by_key(|row| std::cmp::Reverse(row.created_at()));
        rows.truncate(1000);
        Ok(rows)
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        let state = self.state();
        // A number above the last was given out by another store, or by this one before it was set
        // back.
        let seen = cursor
            .and_then(|cursor| cursor.as_str().parse().ok())
            .filter(|seen: &u64| *seen <= state.last);
        let after = state.feed.range(seen.map_or(0, |seen| seen + 1)..);
        let age = |at: &Timestamp| SystemClock.now().saturating_since(*at);
        let revoked = after
            .map(|(_, (id, at))| Revocation::new(*id, age(at)))
            .collect();
        let mut page = RevocationPage::new(revoked, Cursor::new(state.last.to_string()));
        page.complete = seen.is_none();
        Ok(page)
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        for id in ids {
            if !state.revoke(id, RevocationReason::Other.at(now))
                && !state.feed.values().any(|(known, _)| known == id)
            {
                state.enter_feed(id, now);
            }
        }
        Ok(())
    }

    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        Ok(None)
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError> {
        let mut state = self.state();
        let rows = state.rows.len();
        // A revoked row stays for the retention of its revocation, whenever it expired.
        state.rows.retain(|_, row| match row.revoked() {
            Some(record) => now < record.at + REVOCATION_RETENTION,
            None => now < row.expires_at() + DAY,
        });
        state
            .feed
            .retain(|_, (_, at)| now < *at + REVOCATION_RETENTION);
        Ok(DeletedSessions::new((rows - state.rows.len()) as u64))
    }

    /// The feed keeps its entries: access tokens of these sessions stay refused.
    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        let mut state = self.state();
        let rows = state.rows.len();
        state
            .rows
            .retain(|_, row| row.revoked().is_none() || !selection.matches(row));
        Ok(DeletedSessions::new((rows - state.rows.len()) as u64))
    }

    fn ephemeral(&self) -> &dyn EphemeralStore {
        self
    }
}

/// Short-lived things. This store has no server, so `now` counts. A real one is bounded by its
/// disk.
#[async_trait]
impl EphemeralStore for MapStore {
    async fn read(
        &self,
        keys: &[EphemeralKey],
        now: Timestamp,
    ) -> Result<Vec<Option<Found>>, StoreError> {
        let state = self.state();
        Ok(keys.iter().map(|key| state.found(key, now)).collect())
    }

    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Vec<bool>, StoreError> {
        let mut state = self.state();
        let charge = |charge: &Charge| {
            let next = charge.lane.charged(state.counter(&charge.key, now), now);
            next.map(|next| state.count(charge.key, next)).is_some()
        };
        Ok(charges.iter().map(charge).collect())
    }

    async fn give_back(&self, refunds: &[Refund], now: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        for refund in refunds {
            if let Some(counter) = state.counter(&refund.key, now) {
                state.count(refund.key, counter.given_back(refund.fast, refund.slow));
            }
        }
        Ok(())
    }

    async fn note(&self, entry: Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
        let row = (Found::Value(entry.value.to_vec()), entry.until(now));
        self.state().ephemeral.insert(entry.key, row);
        Ok(())
    }

    async fn put_new(&self, entry: Entry<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let mut state = self.state();
        let is_new = state.found(&entry.key, now).is_none();
        if is_new {
            let row = (Found::Value(entry.value.to_vec()), entry.until(now));
            state.ephemeral.insert(entry.key, row);
        }
        Ok(is_new)
    }

    async fn take(&self, key: EphemeralKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        match self.state().ephemeral.remove(&key) {
            Some((Found::Value(value), until)) if until > now => Ok(Some(value)),
            _ => Ok(None),
        }
    }

    async fn delete_ended(&self, now: Timestamp) -> Result<u64, StoreError> {
        let rows = &mut self.state().ephemeral;
        let before = rows.len();
        rows.retain(|_, (_, until)| *until > now);
        Ok((before - rows.len()) as u64)
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::main]
async fn main() -> Result<(), StoreError> {
    let (store, now) = (MapStore::default(), SystemClock.now());
    let session = Session::from_parts(SessionParts::new(
        SessionId::from_bytes([7; 16]),
        "alice".into(),
        now,
        now + DAY,
    ));
    store.insert(&session).await?;
    store
        .revoke(session.id(), RevocationReason::LoggedOut.at(now))
        .await?;
    println!("revoked: {:?}", store.revoked_since(None).await?.revoked);
    Ok(())
}

//! `MemoryStore` with two threads that find and replace, over a map of sixteen mutexes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tower_bearer::MemoryStore;
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::names::SessionId;
use tower_bearer::store::{Session, SessionParts, SessionStore};

use crate::rounds::{median, per_second};
use crate::side::at_once;
use crate::table::Goal::AtLeast;
use crate::table::Table;

pub fn rows(table: &Table) {
    table.row("memory_store_2_threads_rate", AtLeast(0.45), || {
        let (store, map) = (MemoryStore::new(), Map::default());
        for session in (0..2 * SESSIONS).map(session) {
            at_once(store.insert(&session)).expect("the id is new");
            map.shard(session.id()).insert(*session.id(), session);
        }
        let ours = |thread| {
            let store = &store;
            move || {
                for number in (0..SESSIONS).cycle().take(CALLS) {
                    let id = id(thread as u64 * SESSIONS + number);
                    let found = at_once(store.find(&id)).expect("there is no outage");
                    let next = rotated(&found.expect("it was inserted"));
                    assert!(at_once(store.replace(&next)).expect("there is no outage"));
                }
            }
        };
        let theirs = |thread| {
            let map = &map;
            move || {
                for number in (0..SESSIONS).cycle().take(CALLS) {
                    let id = id(thread as u64 * SESSIONS + number);
                    let found = map.shard(&id).get(&id).cloned();
                    let next = rotated(&found.expect("it was inserted"));
                    assert!(map.replace(next));
                }
            }
        };
        let rounds = (0..table.rounds(41, 15)).map(|_| per_second(2, ours) / per_second(2, theirs));
        median(rounds.collect())
    });
}

/// The map that an application would write.
#[derive(Default)]
struct Map([Mutex<HashMap<SessionId, Session>>; 16]);

impl Map {
    fn shard(&self, id: &SessionId) -> std::sync::MutexGuard<'_, HashMap<SessionId, Session>> {
        let shard = &self.0[usize::from(id.as_bytes()[15] % 16)];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, next: Session) -> bool {
        let mut shard = self.shard(next.id());
        let row = shard.get_mut(next.id()).expect("it was inserted");
        let fits = row.parts().revision + 1 == next.parts().revision;
        if fits {
            *row = next;
        }
        fits
    }
}

fn session(number: u64) -> Session {
    let now = SystemClock.now();
    let end = now + Duration::from_secs(90 * 24 * 3600);
    let subject = format!("{number:016}").into();
    Session::from_parts(SessionParts::new(id(number), subject, now, end))
}

fn id(number: u64) -> SessionId {
    let high = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    SessionId::from_bytes((u128::from(high) << 64 | u128::from(number)).to_be_bytes())
}

fn rotated(row: &Session) -> Session {
    let mut next = row.parts().clone();
    next.generation += 1;
    next.rotated_at = Some(SystemClock.now());
    next.revision += 1;
    Session::from_parts(next)
}

/// Of each thread.
const SESSIONS: u64 = 1000;
/// Of each thread in a round.
const CALLS: usize = 20_000;

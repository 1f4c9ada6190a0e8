//! Many sessions, entered through the store.

use std::time::Duration;

use tower_bearer::RedisStore;
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::names::SessionId;
use tower_bearer::store::{Session, SessionOwner, SessionParts, SessionStore};

/// Inserts so many sessions, many at a time. Each has a subject of its own with 16 bytes, and no
/// device, and was refreshed a hundred times.
pub(super) async fn insert(store: &RedisStore, numbers: std::ops::Range<u64>) {
    let tasks = (0..TASKS).map(|task| {
        let (store, numbers) = (store.clone(), numbers.clone());
        tokio::spawn(async move {
            for number in numbers.skip(task).step_by(TASKS) {
                // A busy machine may need longer for an answer than a store waits.
                while store.insert(&session(number)).await.is_err() {}
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

pub(super) fn session(number: u64) -> Session {
    let now = SystemClock.now();
    let end = now + Duration::from_secs(90 * 24 * 3600);
    let mut parts = SessionParts::new(random_id(), format!("{number:016}").into(), now, end);
    parts.owner = SessionOwner::from_bytes([0xf7; 8]);
    parts.generation = 100;
    parts.revision = 100;
    parts.rotated_at = Some(now);
    Session::from_parts(parts)
}

pub(super) fn random_id() -> SessionId {
    let mut id = [0; 16];
    getrandom::fill(&mut id).unwrap();
    SessionId::from_bytes(id)
}

const TASKS: usize = 64;

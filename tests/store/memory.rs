//! A `MemoryStore` keeps its rows in parts, and its feed apart from them.

use std::sync::Arc;
use std::time::Duration;

use tower_bearer::MemoryStore;
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::names::SessionId;
use tower_bearer::store::{RevocationReason, Session, SessionParts, SessionStore};

fn id(number: u16) -> SessionId {
    let [high, low] = number.to_be_bytes();
    let mut bytes = [0; 16];
    bytes[..2].copy_from_slice(&[low, high]);
    SessionId::from_bytes(bytes)
}

async fn filled() -> Arc<MemoryStore> {
    let (store, now) = (Arc::new(MemoryStore::new()), SystemClock.now());
    for number in 0..SESSIONS {
        let end = now + Duration::from_secs(3600);
        let parts = SessionParts::new(id(number), "alice".into(), now, end);
        store.insert(&Session::from_parts(parts)).await.unwrap();
    }
    store
}

/// Revokes all sessions, one by one, on a thread of its own.
fn revoke_each(store: &Arc<MemoryStore>) -> tokio::task::JoinHandle<()> {
    let store = Arc::clone(store);
    tokio::spawn(async move {
        let record = RevocationReason::LoggedOut.at(SystemClock.now());
        for number in 0..SESSIONS {
            assert!(store.revoke(&id(number), record).await.unwrap());
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_seen_as_revoked_is_in_the_feed() {
    let store = filled().await;
    let revoking = revoke_each(&store);
    for number in 0..SESSIONS {
        while (store.find(&id(number)).await.unwrap().unwrap())
            .revoked()
            .is_none()
        {
            std::hint::spin_loop();
        }
        let page = store.revoked_since(None).await.unwrap();
        assert!(page.contains(&id(number)), "session {number}");
    }
    revoking.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_seen_in_the_feed_is_revoked() {
    let store = filled().await;
    let mut cursor = store.revoked_since(None).await.unwrap().cursor;
    let revoking = revoke_each(&store);
    let mut seen = 0;
    while seen < SESSIONS {
        let page = store.revoked_since(Some(cursor)).await.unwrap();
        for id in page.ids() {
            let row = store.find(&id).await.unwrap().unwrap();
            assert!(row.revoked().is_some(), "{id}");
            seen += 1;
        }
        cursor = page.cursor;
    }
    revoking.await.unwrap();
}

const SESSIONS: u16 = 2000;

//! The clean-up looks through each feed, and one process at a time does.

use std::time::Duration;

use support::servers::{Database as _, RedisServer};
use support::{DAY, HOUR};
use tower_bearer::store::SessionStore;
use tower_bearer::store::redis_driver as redis;

use super::{Database, now, revoked, session, session_of_feed};

/// Otherwise a process that dies in it leaves the work for hours.
#[tokio::test]
async fn a_clean_up_that_fails_leaves_its_work_for_minutes() {
    let mut database = Database::shared().await;
    let id = revoked(&database.store, session("user")).await;
    let row = database.only_row().await;
    // A value that is not a row of this store.
    redis::cmd("DEL")
        .arg(&row)
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    redis::cmd("ZADD")
        .arg(&row)
        .arg(1)
        .arg("member")
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    database.store.delete_expired(now()).await.unwrap_err();
    let failed = turns(&mut database).await;
    assert!(failed.iter().any(|left| *left < HOUR), "{failed:?}");

    let mut gone = turn_keys(&mut database).await;
    gone.push(row);
    redis::cmd("DEL")
        .arg(gone)
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    database.store.delete_expired(now()).await.unwrap();
    let done = turns(&mut database).await;
    assert_eq!(done.len(), 16);
    assert!(done.iter().all(|left| *left > 4 * HOUR), "{done:?}");
    assert!(
        database
            .store
            .revoked_since(None)
            .await
            .unwrap()
            .contains(&id)
    );
}

/// A full memory is when the old entries of all feeds have to go.
#[tokio::test]
async fn a_clean_up_with_full_memory_shortens_every_feed() {
    let server = RedisServer::start(&[]).await;
    let database = Database::new(server.url()).await;
    for feed in 0..16 {
        revoked(&database.store, session_of_feed(feed)).await;
    }
    assert_eq!(database.entries().await, 16);
    assert_eq!(server.ask("CONFIG SET maxmemory 1mb").await, "+OK");
    let full = database.store.delete_expired(now() + 2 * DAY).await;
    let error = full.unwrap_err();
    assert!(error.to_string().contains("OOM"), "{error}");
    assert_eq!(database.entries().await, 0);
}

/// The keys that say that a process looks through a feed, or has done so.
async fn turn_keys(database: &mut Database) -> Vec<Vec<u8>> {
    let mut keys = database.keys().await;
    keys.retain(|key| key.ends_with(b"turn"));
    keys
}

async fn turns(database: &mut Database) -> Vec<Duration> {
    let mut turns = Vec::new();
    for key in turn_keys(database).await {
        let mut left = redis::cmd("PTTL");
        let left: u64 = left
            .arg(key)
            .query_async(&mut database.beside)
            .await
            .unwrap();
        turns.push(Duration::from_millis(left));
    }
    turns
}

//! The clean-up looks through each feed, and one process at a time does.

use std::time::Duration;

use support::HOUR;
use tower_bearer::store::SessionStore;
use tower_bearer::store::redis_driver as redis;

use super::{Database, now, revoked, session};

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

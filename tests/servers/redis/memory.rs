//! The number of bytes of a session.

use std::sync::Arc;

use support::servers::{Database as _, RedisServer};
use tokio::task::JoinSet;
use tower_bearer::store::redis_driver as redis;
use tower_bearer::store::{Session, SessionStore};

use super::{Database, refreshed, session};

const SESSIONS: usize = 60_000;
const TASKS: usize = 32;

async fn used(database: &mut Database) -> u64 {
    let memory: redis::InfoDict = redis::cmd("INFO")
        .arg("memory")
        .query_async(&mut database.beside)
        .await
        .unwrap();
    memory.get("used_memory").unwrap()
}

async fn size(database: &mut Database, row: &[u8]) -> u64 {
    redis::cmd("MEMORY")
        .arg("USAGE")
        .arg(row)
        .query_async(&mut database.beside)
        .await
        .unwrap()
}

/// Subjects have 16 bytes, and each of them has one session.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_takes_250_bytes_at_most() {
    let server = RedisServer::start(&[]).await;
    // A prefix as long as the default one.
    let mut database = Database {
        prefix: "tb".into(),
        ..Database::new(server.url()).await
    };
    database.store = database.another_store().await;
    let before = used(&mut database).await;
    let sessions: Arc<Vec<Session>> = Arc::new(
        (0..SESSIONS)
            .map(|n| session(&format!("{n:016}")))
            .collect(),
    );
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (store, sessions) = (database.store.clone(), Arc::clone(&sessions));
        tasks.spawn(async move {
            for session in sessions.iter().skip(task).step_by(TASKS) {
                store.insert(session).await.unwrap();
                assert!(store.replace(&refreshed(session)).await.unwrap());
            }
        });
    }
    tasks.join_all().await;
    let each = (used(&mut database).await - before) as f64 / SESSIONS as f64;
    println!("{each:.0} bytes a session");
    assert!(each <= 250.0, "a session takes {each:.0} bytes");
}

#[tokio::test]
async fn a_row_does_not_grow_with_refreshes() {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    let mut current = session("0123456789abcdef");
    database.store.insert(&current).await.unwrap();
    let row = database.only_row().await;
    current = refreshed(&current);
    assert!(database.store.replace(&current).await.unwrap());
    let first = size(&mut database, &row).await;
    for _ in 0..100 {
        current = refreshed(&current);
        assert!(database.store.replace(&current).await.unwrap());
        database
            .store
            .confirm(current.id(), current.parts().generation)
            .await
            .unwrap();
    }
    assert_eq!(
        size(&mut database, &row).await,
        first,
        "the row grew with its refreshes"
    );
}

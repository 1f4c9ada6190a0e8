//! Short-lived things in Redis: its clock counts, and they expire by themselves.

use std::time::Duration;

use support::{DAY, HOUR, MINUTE};
use tower_bearer::store::redis_driver as redis;
use tower_bearer::store::{Entry, EphemeralStore};

use super::{Database, now};
use crate::short_lived::{self, charge, key};

#[tokio::test]
async fn the_clock_of_a_process_does_not_count() {
    let database = Database::shared().await;
    short_lived::the_clock_of_a_process_does_not_count(&database.store).await;
}

/// The key of the one entry in the database of a test.
async fn only_key(database: &mut Database) -> Vec<u8> {
    let pattern = format!("{}#*", database.prefix);
    let keys: Vec<Vec<u8>> = redis::cmd("KEYS")
        .arg(pattern)
        .query_async(&mut database.beside)
        .await
        .unwrap();
    assert_eq!(keys.len(), 1);
    keys.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_counter_that_was_written_while_the_clock_was_ahead_frees_itself() {
    let mut database = Database::shared().await;
    while charge(&database.store, 1).await {}
    let row = only_key(&mut database).await;
    let ahead = (now() + 365 * DAY).as_millis();
    redis::cmd("SET")
        .arg(row)
        .arg(format!("c{ahead} {ahead}"))
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    for _ in 0..5 {
        assert!(charge(&database.store, 1).await);
    }
    assert!(!charge(&database.store, 1).await);
}

#[tokio::test]
async fn every_entry_expires_by_itself() {
    let mut database = Database::shared().await;
    let entry = Entry::new(key(1), b"value", HOUR);
    let ttl = async |database: &mut Database| {
        let row = only_key(database).await;
        let ttl: i64 = redis::cmd("PTTL")
            .arg(row)
            .query_async(&mut database.beside)
            .await
            .unwrap();
        Duration::from_millis(ttl.try_into().unwrap())
    };
    let about = |found: Duration, expected: Duration| {
        assert!(found <= expected && found + MINUTE > expected, "{found:?}");
    };
    assert!(database.store.put_new(entry, now()).await.unwrap());
    about(ttl(&mut database).await, HOUR);
    let longer = Entry::new(key(1), b"value", 5 * HOUR);
    database.store.note(longer, now()).await.unwrap();
    about(ttl(&mut database).await, 5 * HOUR);
    database.store.take(key(1), now()).await.unwrap().unwrap();
    for charges in 1..=3 {
        assert!(charge(&database.store, 2).await);
        about(ttl(&mut database).await, charges * 2 * HOUR);
    }
}

#[tokio::test]
async fn a_ticket_opens_at_the_other_process() {
    let database = Database::shared().await;
    let stores = [database.another_store().await, database.store];
    crate::tickets::opens_at_the_other_process(stores).await;
}

#[tokio::test]
async fn guesses_count_at_both_processes() {
    let database = Database::shared().await;
    let stores = [database.another_store().await, database.store];
    crate::throttle::counts_at_both_processes(stores).await;
}

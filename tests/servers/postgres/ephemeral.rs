//! Short-lived things in PostgreSQL: its clock counts.

use support::{DAY, HOUR};
use tower_bearer::store::{Entry, EphemeralStore, Found};

use super::{Schema, connection, execute, now};
use crate::short_lived::{self, charge, key};

#[tokio::test]
async fn the_clock_of_a_process_does_not_count() {
    let schema = Schema::new().await;
    short_lived::the_clock_of_a_process_does_not_count(&schema.store_with_prefix().await).await;
}

#[tokio::test]
async fn a_counter_that_was_written_while_the_clock_was_ahead_frees_itself() {
    let schema = Schema::new().await;
    let store = schema.store_with_prefix().await;
    while charge(&store, 1).await {}
    let ahead = format!(
        "UPDATE {}.{}ephemeral SET fast = fast + 86400000, slow = slow + 31536000000, \
         until = until + 31536000000",
        schema.name(),
        schema.prefix
    );
    execute(&mut connection().await, ahead).await;
    for _ in 0..5 {
        assert!(charge(&store, 1).await);
    }
    assert!(!charge(&store, 1).await);
}

#[tokio::test]
async fn delete_ended_takes_as_many_batches_as_it_needs() {
    let schema = Schema::new().await;
    let store = schema.store_with_prefix().await;
    store
        .note(Entry::new(key(1), b"live", HOUR), now())
        .await
        .unwrap();
    let ended = format!(
        "INSERT INTO {}.{}ephemeral (key, until, fast, slow) \
         SELECT decode(lpad(to_hex(n), 40, '0'), 'hex'), n, n, n FROM generate_series(1, 1200) n",
        schema.name(),
        schema.prefix
    );
    execute(&mut connection().await, ended).await;
    assert_eq!(store.delete_ended(now()).await.unwrap(), 1200);
    assert_eq!(store.delete_ended(now() + DAY).await.unwrap(), 0);
    let found = store.read(&[key(1)], now()).await.unwrap();
    assert_eq!(found, [Some(Found::Value(b"live".to_vec()))]);
}

#[tokio::test]
async fn a_ticket_opens_at_the_other_process() {
    let schema = Schema::new().await;
    let stores = [
        schema.store_with_prefix().await,
        schema.store_with_prefix().await,
    ];
    crate::tickets::opens_at_the_other_process(stores).await;
}

#[tokio::test]
async fn guesses_count_at_both_processes() {
    let schema = Schema::new().await;
    let stores = [
        schema.store_with_prefix().await,
        schema.store_with_prefix().await,
    ];
    crate::throttle::counts_at_both_processes(stores).await;
}

//! Short-lived things in PostgreSQL: its clock counts.

use std::time::Duration;

use support::{DAY, HOUR, MINUTE};
use tower_bearer::store::{
    Charge, Entry, EphemeralKey, EphemeralStore, Found, Lane, PostgresStore, Rate,
};

use super::{Schema, connection, execute, now};

fn key(number: u8) -> EphemeralKey {
    EphemeralKey::new(*b"test", [number; 16])
}

fn lane() -> Lane {
    Lane::new(Rate::new(5, MINUTE), Rate::new(15, 2 * HOUR))
}

async fn charge(store: &PostgresStore, number: u8) -> bool {
    let charge = [Charge::new(key(number), lane())];
    store.charge(&charge, now()).await.unwrap() == [true]
}

#[tokio::test]
async fn the_clock_of_a_process_does_not_count() {
    let schema = Schema::new().await;
    let store = schema.store_with_prefix().await;
    let entry = Entry::new(key(1), b"value", HOUR);
    let (early, late) = (now() + 300 * DAY, now());
    assert!(store.put_new(entry, early).await.unwrap());
    assert!(!store.put_new(entry, late).await.unwrap());
    assert!(!store.put_new(entry, early + DAY).await.unwrap());
    while charge(&store, 2).await {}
    let far = [Charge::new(key(2), lane())];
    assert_eq!(store.charge(&far, early).await.unwrap(), [false]);
    // Debts come by the clock of the caller.
    for at in [early, late] {
        let found = store.read(&[key(2)], at).await.unwrap();
        let Some(Found::Counter(counter)) = &found[0] else {
            panic!("{found:?}");
        };
        let wait = lane().wait(Some(*counter), at);
        assert!(wait <= MINUTE && wait > Duration::ZERO, "{wait:?}");
    }
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

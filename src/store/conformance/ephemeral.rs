//! What the promises of an [`EphemeralStore`](crate::store::EphemeralStore) share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::support::{HOUR, WORKS, now, unused_id};
use crate::store::contract::SessionStore;
use crate::store::ephemeral::{Charge, Entry, EphemeralKey, Found, Lane, Rate, Refund};

/// Room for so many, and then one an hour.
pub(super) fn lane(fast: u32, slow: u32) -> Lane {
    Lane::new(Rate::new(fast, HOUR), Rate::new(slow, HOUR))
}

pub(super) fn key() -> EphemeralKey {
    EphemeralKey::new(*b"test", *unused_id().as_bytes())
}

pub(super) fn keys<const N: usize>() -> [EphemeralKey; N] {
    [(); N].map(|()| key())
}

pub(super) async fn charged(store: &Arc<dyn SessionStore>, key: EphemeralKey, lane: Lane) -> bool {
    charged_all(store, &[Charge::new(key, lane)]).await == [true]
}

pub(super) async fn charged_all(store: &Arc<dyn SessionStore>, charges: &[Charge]) -> Vec<bool> {
    store.ephemeral().charge(charges, now()).await.expect(WORKS)
}

/// Charges until the lane refuses, and returns how often it did not.
pub(super) async fn room(store: &Arc<dyn SessionStore>, key: EphemeralKey, lane: Lane) -> u32 {
    let mut passed = 0;
    while passed < 100 && charged(store, key, lane).await {
        passed += 1;
    }
    passed
}

pub(super) async fn give_back(
    store: &Arc<dyn SessionStore>,
    key: EphemeralKey,
    fast: u32,
    slow: u32,
) {
    let refund = Refund::new(key, fast * HOUR, slow * HOUR);
    store
        .ephemeral()
        .give_back(&[refund], now())
        .await
        .expect(WORKS);
}

pub(super) async fn read_all(
    store: &Arc<dyn SessionStore>,
    keys: &[EphemeralKey],
) -> Vec<Option<Found>> {
    store.ephemeral().read(keys, now()).await.expect(WORKS)
}

pub(super) async fn read(store: &Arc<dyn SessionStore>, key: EphemeralKey) -> Option<Found> {
    let mut found = read_all(store, &[key]).await;
    assert_eq!(found.len(), 1, "read has one answer for one key");
    found.remove(0)
}

pub(super) async fn value(store: &Arc<dyn SessionStore>, key: EphemeralKey) -> Option<Vec<u8>> {
    match read(store, key).await? {
        Found::Value(value) => Some(value),
        Found::Counter(_) => panic!("a value came back as a counter"),
    }
}

pub(super) async fn note(
    store: &Arc<dyn SessionStore>,
    key: EphemeralKey,
    value: &[u8],
    lifetime: Duration,
) {
    let entry = Entry::new(key, value, lifetime);
    store.ephemeral().note(entry, now()).await.expect(WORKS);
}

pub(super) async fn put_new(
    store: &Arc<dyn SessionStore>,
    key: EphemeralKey,
    value: &[u8],
) -> bool {
    let entry = Entry::new(key, value, HOUR);
    store.ephemeral().put_new(entry, now()).await.expect(WORKS)
}

pub(super) async fn take(store: &Arc<dyn SessionStore>, key: EphemeralKey) -> Option<Vec<u8>> {
    store.ephemeral().take(key, now()).await.expect(WORKS)
}

/// Waits until nothing is at the key. The store's clock counts, so this takes real time.
pub(super) async fn ends(store: &Arc<dyn SessionStore>, key: EphemeralKey, promise: &str) {
    let start = Instant::now();
    while read(store, key).await.is_some() {
        assert!(start.elapsed() < PATIENCE, "{promise}");
        tokio::time::sleep(MOMENT).await;
    }
}

/// How long some of the short lifetimes are, and how long a poll sleeps.
pub(super) const MOMENT: Duration = Duration::from_millis(4);
/// How long a store may take until something is absent whose end has come.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long a call may take at most.
pub(super) const SLACK: Duration = Duration::from_secs(60);

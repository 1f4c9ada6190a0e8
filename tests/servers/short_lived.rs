//! Short-lived things in a store whose own clock counts: PostgreSQL and Redis.

use std::time::Duration;

use support::{DAY, HOUR, MINUTE};
use tower_bearer::store::{Charge, Entry, EphemeralKey, EphemeralStore, Found, Lane, Rate};

use crate::now;

pub(crate) fn key(number: u8) -> EphemeralKey {
    EphemeralKey::new(*b"test", [number; 16])
}

pub(crate) fn lane() -> Lane {
    Lane::new(Rate::new(5, MINUTE), Rate::new(15, 2 * HOUR))
}

pub(crate) async fn charge(store: &impl EphemeralStore, number: u8) -> bool {
    let charge = [Charge::new(key(number), lane())];
    store.charge(&charge, now()).await.unwrap() == [true]
}

pub(crate) async fn the_clock_of_a_process_does_not_count(store: &impl EphemeralStore) {
    let entry = Entry::new(key(1), b"value", HOUR);
    let (early, late) = (now() + 300 * DAY, now());
    assert!(store.put_new(entry, early).await.unwrap());
    assert!(!store.put_new(entry, late).await.unwrap());
    assert!(!store.put_new(entry, early + DAY).await.unwrap());
    while charge(store, 2).await {}
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

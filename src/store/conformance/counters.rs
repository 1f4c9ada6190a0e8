//! The promises about counters of an [`EphemeralStore`](crate::store::EphemeralStore).

use std::sync::Arc;

use super::ephemeral::{
    MOMENT, SLACK, charged, charged_all, ends, give_back, key, keys, lane, read, room,
};
use super::support::{HOUR, RACERS, ROUNDS, WORKS, now, race, racer};
use crate::store::contract::SessionStore;
use crate::store::ephemeral::{Charge, Counter, Found, Lane, Rate, Refund};

/// Of any number of racing `charge`s, exactly as many pass as the lane has room for, whichever of
/// its rates decides.
pub async fn of_racing_charges_as_many_pass_as_there_is_room(store: Arc<dyn SessionStore>) {
    for (lane, most) in [(lane(10, 500), 10), (lane(500, 7), 7)] {
        let key = key();
        let racers = (0..20).map(|_| {
            let store = Arc::clone(&store);
            racer(async move {
                let mut passed = 0;
                for _ in 0..50 {
                    passed += u32::from(charged(&store, key, lane).await);
                }
                passed
            })
        });
        let passed: u32 = race(racers.collect()).await.into_iter().sum();
        assert_eq!(
            passed, most,
            "of 1,000 racing charges another number passed than there was room for"
        );
    }
}

/// Both rates of a lane limit: the stricter one decides. A period of zero limits nothing, and a
/// burst of zero allows nothing.
pub async fn charge_keeps_both_rates(store: Arc<dyn SessionStore>) {
    let [one, other, free, shut, new] = keys();
    assert_eq!(room(&store, one, lane(3, 5)).await, 3, "the fast rate");
    assert_eq!(room(&store, other, lane(5, 3)).await, 3, "the slow rate");
    // The numbers of the lane count, not those of the charge before.
    assert_eq!(room(&store, one, lane(4, 5)).await, 1, "a wider lane");
    let slow_alone = Lane::new(Rate::UNLIMITED, Rate::new(2, HOUR));
    assert_eq!(room(&store, free, slow_alone).await, 2, "a period of zero");
    let unlimited = Lane::new(Rate::UNLIMITED, Rate::UNLIMITED);
    assert_eq!(room(&store, new, unlimited).await, 100, "no rate");
    for lane in [lane(0, 5), lane(5, 0)] {
        assert_eq!(room(&store, shut, lane).await, 0, "a burst of zero");
    }
}

/// A `charge` that is refused changes neither of the two debts.
pub async fn a_refused_charge_changes_nothing(store: Arc<dyn SessionStore>) {
    for (narrow, wide) in [(lane(2, 4), lane(4, 4)), (lane(4, 2), lane(4, 4))] {
        let key = key();
        assert_eq!(room(&store, key, narrow).await, 2, "there is room for two");
        for _ in 0..ROUNDS {
            assert!(!charged(&store, key, narrow).await, "the lane is full");
        }
        assert_eq!(
            room(&store, key, wide).await,
            2,
            "a refused charge changed the counter"
        );
    }
}

/// Some charges of one call may be refused, and the others count.
pub async fn charge_leaves_out_only_what_is_refused(store: Arc<dyn SessionStore>) {
    let (keys, lane) = (keys::<5>(), lane(2, 2));
    for full in [keys[0], keys[3]] {
        assert_eq!(room(&store, full, lane).await, 2, "there is room for two");
    }
    let charges = keys.map(|key| Charge::new(key, lane));
    assert_eq!(
        charged_all(&store, &charges).await,
        [false, true, true, false, true],
        "each charge is decided by its own counter, and has its own answer"
    );
    for key in [keys[1], keys[2], keys[4]] {
        assert_eq!(room(&store, key, lane).await, 1, "one was charged before");
    }
}

/// `read` returns the debts of a counter, by the clock of the caller.
pub async fn read_returns_the_debts_of_a_counter(store: Arc<dyn SessionStore>) {
    let (key, lane) = (key(), lane(5, 9));
    for charges in 1..=3 {
        assert!(charged(&store, key, lane).await, "there is room");
        if charges == 2 {
            give_back(&store, key, 1, 0).await;
        }
        let at = now();
        let found = store.ephemeral().read(&[key], at).await.expect(WORKS);
        let [Some(Found::Counter(Counter { fast, slow }))] = found[..] else {
            panic!("a counter is not there after a charge: {found:?}");
        };
        let given = u32::from(charges >= 2);
        for (end, debt) in [(fast, charges - given), (slow, charges)] {
            let debt = debt * HOUR;
            let found = end.saturating_since(at);
            assert!(
                found <= debt && found + SLACK >= debt,
                "a counter with a debt of {debt:?} came back with {found:?}"
            );
        }
    }
}

/// `give_back` makes room for what it gives back.
pub async fn give_back_makes_room(store: Arc<dyn SessionStore>) {
    let (key, lane) = (key(), lane(5, 5));
    assert_eq!(room(&store, key, lane).await, 5, "there is room for five");
    give_back(&store, key, 2, 2).await;
    assert_eq!(room(&store, key, lane).await, 2, "two were given back");
    // The rates are given back each for itself.
    give_back(&store, key, 3, 1).await;
    assert_eq!(room(&store, key, lane).await, 1, "one was given back");
}

/// `give_back` never makes a counter more than empty, and makes none.
pub async fn give_back_never_makes_more_than_empty(store: Arc<dyn SessionStore>) {
    let lane = lane(3, 3);
    for charges in 0..3 {
        let key = key();
        for _ in 0..charges {
            assert!(charged(&store, key, lane).await, "there is room");
        }
        give_back(&store, key, 50, 50).await;
        give_back(&store, key, 1, 1).await;
        assert_eq!(read(&store, key).await, None, "an empty counter is absent");
        assert_eq!(
            room(&store, key, lane).await,
            3,
            "a counter became more than empty"
        );
    }
}

/// Racing charges and refunds lose none of them.
pub async fn racing_refunds_lose_no_charge(store: Arc<dyn SessionStore>) {
    for _ in 0..4 {
        let (key, lane) = (key(), lane(50, 50));
        for _ in 0..20 {
            assert!(charged(&store, key, lane).await, "there is room");
        }
        let racers = (0..RACERS).map(|_| {
            let store = Arc::clone(&store);
            racer(async move {
                for _ in 0..ROUNDS {
                    assert!(charged(&store, key, lane).await, "there is room");
                    give_back(&store, key, 1, 1).await;
                }
            })
        });
        race(racers.collect()).await;
        assert_eq!(
            room(&store, key, lane).await,
            30,
            "what was given back is not what was charged"
        );
    }
}

/// Calls with the same keys in any order never wait for each other in a circle.
pub async fn calls_with_the_same_keys_do_not_block_each_other(store: Arc<dyn SessionStore>) {
    let (keys, lane) = (keys::<8>(), lane(10_000, 10_000));
    let racers = (0..RACERS).map(|racing| {
        let store = Arc::clone(&store);
        let mut keys = keys;
        keys.rotate_left(racing);
        if racing % 2 == 0 {
            keys.reverse();
        }
        racer(async move {
            for _ in 0..ROUNDS {
                let charges = keys.map(|key| Charge::new(key, lane));
                assert_eq!(charged_all(&store, &charges).await, [true; 8], "{WORKS}");
                let refunds = keys.map(|key| Refund::new(key, HOUR, HOUR));
                let given = store.ephemeral().give_back(&refunds, now()).await;
                given.expect(WORKS);
            }
        })
    });
    race(racers.collect()).await;
}

/// A counter is absent once its debts have ended, and there is room again.
pub async fn a_counter_ends_with_its_debts(store: Arc<dyn SessionStore>) {
    let (key, rate) = (key(), Rate::new(1, 5 * MOMENT));
    let lane = Lane::new(rate, rate);
    assert!(charged(&store, key, lane).await, "there is room");
    ends(
        &store,
        key,
        "a counter whose debts have ended is not absent",
    )
    .await;
    assert!(charged(&store, key, lane).await, "there is room again");
}

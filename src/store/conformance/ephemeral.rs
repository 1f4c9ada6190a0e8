//! The promises of an [`EphemeralStore`](crate::store::EphemeralStore).

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::support::{HOUR, RACERS, ROUNDS, WORKS, now, race, racer, unused_id};
use crate::store::contract::SessionStore;
use crate::store::ephemeral::{Charge, Counter, Entry, EphemeralKey, Found, Lane, Rate, Refund};

/// Room for so many, and then one an hour.
fn lane(fast: u32, slow: u32) -> Lane {
    Lane::new(Rate::new(fast, HOUR), Rate::new(slow, HOUR))
}

fn key() -> EphemeralKey {
    EphemeralKey::new(*b"test", *unused_id().as_bytes())
}

fn keys<const N: usize>() -> [EphemeralKey; N] {
    [(); N].map(|()| key())
}

async fn charged(store: &Arc<dyn SessionStore>, key: EphemeralKey, lane: Lane) -> bool {
    charged_all(store, &[Charge::new(key, lane)]).await == [true]
}

async fn charged_all(store: &Arc<dyn SessionStore>, charges: &[Charge]) -> Vec<bool> {
    store.ephemeral().charge(charges, now()).await.expect(WORKS)
}

/// Charges until the lane refuses, and returns how often it did not.
async fn room(store: &Arc<dyn SessionStore>, key: EphemeralKey, lane: Lane) -> u32 {
    let mut passed = 0;
    while passed < 100 && charged(store, key, lane).await {
        passed += 1;
    }
    passed
}

async fn give_back(store: &Arc<dyn SessionStore>, key: EphemeralKey, fast: u32, slow: u32) {
    let refund = Refund::new(key, fast * HOUR, slow * HOUR);
    store
        .ephemeral()
        .give_back(&[refund], now())
        .await
        .expect(WORKS);
}

async fn read_all(store: &Arc<dyn SessionStore>, keys: &[EphemeralKey]) -> Vec<Option<Found>> {
    store.ephemeral().read(keys, now()).await.expect(WORKS)
}

async fn read(store: &Arc<dyn SessionStore>, key: EphemeralKey) -> Option<Found> {
    let mut found = read_all(store, &[key]).await;
    assert_eq!(found.len(), 1, "read has one answer for one key");
    found.remove(0)
}

async fn value(store: &Arc<dyn SessionStore>, key: EphemeralKey) -> Option<Vec<u8>> {
    match read(store, key).await? {
        Found::Value(value) => Some(value),
        Found::Counter(_) => panic!("a value came back as a counter"),
    }
}

async fn note(store: &Arc<dyn SessionStore>, key: EphemeralKey, value: &[u8], lifetime: Duration) {
    let entry = Entry::new(key, value, lifetime);
    store.ephemeral().note(entry, now()).await.expect(WORKS);
}

async fn put_new(store: &Arc<dyn SessionStore>, key: EphemeralKey, value: &[u8]) -> bool {
    let entry = Entry::new(key, value, HOUR);
    store.ephemeral().put_new(entry, now()).await.expect(WORKS)
}

async fn take(store: &Arc<dyn SessionStore>, key: EphemeralKey) -> Option<Vec<u8>> {
    store.ephemeral().take(key, now()).await.expect(WORKS)
}

/// Waits until nothing is at the key. The store's clock counts, so this takes real time.
async fn ends(store: &Arc<dyn SessionStore>, key: EphemeralKey, promise: &str) {
    let start = Instant::now();
    while read(store, key).await.is_some() {
        assert!(start.elapsed() < PATIENCE, "{promise}");
        tokio::time::sleep(MOMENT).await;
    }
}

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

/// A value comes back as it was written, whatever its bytes and its length.
pub async fn a_value_survives_a_round_trip(store: Arc<dyn SessionStore>) {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    for value_of in [&[][..], &[0], b"v", b"c1 2", &all, &[7; Entry::MAX_BYTES]] {
        let [noted, new] = keys();
        note(&store, noted, value_of, HOUR).await;
        assert!(put_new(&store, new, value_of).await, "nothing was there");
        for key in [noted, new] {
            assert_eq!(value(&store, key).await.as_deref(), Some(value_of), "read");
            assert_eq!(take(&store, key).await.as_deref(), Some(value_of), "take");
            assert_eq!(value(&store, key).await, None, "it was taken");
            assert_eq!(take(&store, key).await, None, "it was taken");
        }
    }
    // The longest lifetime, and one beyond it.
    for lifetime in [Entry::MAX_LIFETIME, Duration::MAX] {
        let key = key();
        note(&store, key, b"long", lifetime).await;
        assert_eq!(value(&store, key).await.as_deref(), Some(&b"long"[..]));
    }
}

/// A value is absent after its lifetime, for every call.
pub async fn a_value_ends_with_its_lifetime(store: Arc<dyn SessionStore>) {
    const PROMISE: &str = "a value whose lifetime has ended is not absent";
    let [first, second, over] = keys();
    for key in [first, second] {
        let entry = Entry::new(key, b"short", 5 * MOMENT);
        let put = store.ephemeral().put_new(entry, now()).await;
        assert!(put.expect(WORKS), "nothing was there");
    }
    note(&store, over, b"long", HOUR).await;
    note(&store, over, b"short", 5 * MOMENT).await;
    for key in [first, second, over] {
        ends(&store, key, PROMISE).await;
    }
    assert_eq!(take(&store, first).await, None, "{PROMISE}");
    assert!(put_new(&store, second, b"new").await, "{PROMISE}");
    assert_eq!(value(&store, second).await.as_deref(), Some(&b"new"[..]));
}

/// `note` writes over what is there.
pub async fn note_overwrites(store: Arc<dyn SessionStore>) {
    let key = key();
    assert!(put_new(&store, key, b"first").await, "nothing was there");
    for text in [&b"second"[..], b"", b"third"] {
        note(&store, key, text, HOUR).await;
        assert_eq!(
            value(&store, key).await.as_deref(),
            Some(text),
            "a value was not overwritten"
        );
    }
}

/// Of racing `put_new`s for one key exactly one succeeds, and its value is there. A later one
/// changes nothing.
pub async fn of_racing_put_news_one_succeeds(store: Arc<dyn SessionStore>) {
    for _ in 0..ROUNDS {
        let key = key();
        let racers = (0..RACERS as u8).map(|racing| {
            let store = Arc::clone(&store);
            racer(async move { put_new(&store, key, &[racing]).await })
        });
        let put = race(racers.collect()).await;
        let winners: Vec<usize> = (0..RACERS).filter(|&racing| put[racing]).collect();
        let [winner] = winners[..] else {
            panic!("{} of racing put_news succeeded", winners.len());
        };
        assert!(!put_new(&store, key, b"late").await, "a value is there");
        assert_eq!(
            value(&store, key).await,
            Some(vec![winner as u8]),
            "the value is not that of the call that succeeded"
        );
    }
}

/// Of racing `take`s for one key exactly one has the value.
pub async fn of_racing_takes_one_has_the_value(store: Arc<dyn SessionStore>) {
    for _ in 0..ROUNDS {
        let key = key();
        note(&store, key, b"once", HOUR).await;
        let racers = (0..RACERS).map(|_| {
            let store = Arc::clone(&store);
            racer(async move { take(&store, key).await })
        });
        let taken: Vec<_> = race(racers.collect()).await.into_iter().flatten().collect();
        assert_eq!(taken, [b"once"], "it was taken another number of times");
        // The key is free again.
        assert!(put_new(&store, key, b"again").await, "it was taken");
    }
}

/// Answers are in the order of the keys, and there is one for each. A call without keys
/// works.
pub async fn answers_are_in_the_order_of_the_keys(store: Arc<dyn SessionStore>) {
    let mut keys = keys::<40>();
    keys.sort_unstable_by(|one, other| other.cmp(one));
    for (place, key) in keys.iter().enumerate() {
        match place % 3 {
            0 => note(&store, *key, &[place as u8], HOUR).await,
            1 => assert!(charged(&store, *key, lane(1, 1)).await, "there is room"),
            _ => {}
        }
    }
    let found = read_all(&store, &keys).await;
    assert_eq!(found.len(), keys.len(), "there is one answer for each key");
    for (place, found) in found.iter().enumerate() {
        let fits = match found {
            Some(Found::Value(value)) => place % 3 == 0 && *value == [place as u8],
            Some(Found::Counter(_)) => place % 3 == 1,
            None => place % 3 == 2,
        };
        assert!(fits, "the answer for key {place} is that of another key");
    }
    assert_eq!(read_all(&store, &[]).await, []);
    assert!(charged_all(&store, &[]).await.is_empty());
    let nothing = store.ephemeral().give_back(&[], now()).await;
    nothing.expect(WORKS);
}

/// Keys of two kinds never meet, and neither do keys with other hashes.
pub async fn keys_of_two_kinds_never_meet(store: Arc<dyn SessionStore>) {
    let hash = *unused_id().as_bytes();
    let mut first = hash;
    first[0] ^= 1;
    let mut last = hash;
    last[15] ^= 0x80;
    let keys = [
        EphemeralKey::new(*b"one\0", hash),
        EphemeralKey::new(*b"two\0", hash),
        EphemeralKey::new(*b"ONE\0", hash),
        EphemeralKey::new(*b"one\0", first),
        EphemeralKey::new(*b"one\0", last),
        EphemeralKey::new(*b"cnt\0", hash),
    ];
    let [values @ .., counter] = &keys;
    for (place, key) in (0..).zip(values) {
        assert!(put_new(&store, *key, &[place]).await, "keys have met");
    }
    assert_eq!(room(&store, *counter, lane(2, 2)).await, 2, "keys have met");
    for (place, key) in (0..).zip(values) {
        assert_eq!(take(&store, *key).await, Some(vec![place]), "keys have met");
    }
    assert_eq!(room(&store, *counter, lane(3, 3)).await, 1, "keys have met");
}

/// `delete_ended` deletes nothing that has not ended.
pub async fn delete_ended_leaves_what_has_not_ended(store: Arc<dyn SessionStore>) {
    let [counter, live, brief] = keys();
    assert!(charged(&store, counter, lane(1, 1)).await, "there is room");
    note(&store, live, b"live", HOUR).await;
    note(&store, brief, b"brief", 5 * MOMENT).await;
    ends(&store, brief, "a value whose lifetime has ended is absent").await;
    for _ in 0..2 {
        store.ephemeral().delete_ended(now()).await.expect(WORKS);
        assert_eq!(
            room(&store, counter, lane(1, 1)).await,
            0,
            "a counter with a debt was deleted"
        );
        assert_eq!(
            value(&store, live).await.as_deref(),
            Some(&b"live"[..]),
            "a value was deleted before its end"
        );
    }
    assert!(put_new(&store, brief, b"new").await, "it has ended");
}

/// How long some of the short lifetimes are, and how long a poll sleeps.
const MOMENT: Duration = Duration::from_millis(4);
/// How long a store may take until something is absent whose end has come.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a call may take at most.
const SLACK: Duration = Duration::from_secs(60);

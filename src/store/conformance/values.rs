//! The promises about values of an [`EphemeralStore`](crate::store::EphemeralStore), and about all
//! that it keeps.

use std::sync::Arc;
use std::time::Duration;

use super::ephemeral::{
    MOMENT, charged, charged_all, ends, key, keys, lane, note, put_new, read_all, room, take, value,
};
use super::support::{HOUR, RACERS, ROUNDS, WORKS, now, race, racer, unused_id};
use crate::store::contract::SessionStore;
use crate::store::ephemeral::{Entry, EphemeralKey, Found};

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

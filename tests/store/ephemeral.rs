//! What the stores without a server promise about short-lived things, beyond what every store does.

use std::time::Duration;

use support::{DAY, HOUR, MINUTE, SECOND};
use tower_bearer::clock::Timestamp;
use tower_bearer::store::{
    Charge, Entry, EphemeralKey, EphemeralStore, Found, Lane, Rate, Refund, SessionStore,
};
use tower_bearer::{MemoryStore, SqliteStore};

use crate::sqlite::database;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn key(number: u32) -> EphemeralKey {
    let mut hash = [0; 16];
    hash[12..].copy_from_slice(&number.to_be_bytes());
    EphemeralKey::new(*b"test", hash)
}

/// Pseudo-random numbers (xorshift), the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// The lanes of one row: some share a ceiling, one has no fast rate, one has fractions.
fn lanes() -> [Lane; 6] {
    let slow = Rate::new(15, 2 * HOUR);
    [
        Lane::new(Rate::new(5, MINUTE), slow),
        Lane::new(Rate::UNLIMITED, slow),
        Lane::new(Rate::new(100, SECOND), Rate::new(300, 3 * MINUTE)).with_ceiling(15 * HOUR),
        Lane::new(Rate::new(100, SECOND), Rate::new(3, HOUR)).with_ceiling(15 * HOUR),
        Lane::new(Rate::new(2, Duration::from_micros(2500)), Rate::UNLIMITED),
        Lane::new(Rate::new(u32::MAX, Duration::MAX), Rate::new(0, SECOND)),
    ]
}

/// The statement of SQLite and `Lane::charged` are the same rule, whatever the clock does.
#[tokio::test]
async fn sqlite_counts_as_memory_does() {
    let (_directory, path) = database();
    let (sqlite, memory) = (SqliteStore::open(path).await.unwrap(), MemoryStore::new());
    let (sqlite, memory) = (sqlite.ephemeral(), memory.ephemeral());
    let (mut numbers, mut now) = (Numbers(0x2545_f491_4f6c_dd1d), NOW);
    let keys: Vec<EphemeralKey> = (0..12).map(key).collect();
    for _ in 0..250 {
        let back = Timestamp::from_millis(now.as_millis() - 3000);
        now = match numbers.below(40) {
            0 => now + 3 * HOUR,
            // A clock that is ahead for one call.
            1 => {
                let charge = [Charge::new(keys[0], lanes()[0])];
                let ahead = now + 400 * DAY;
                sqlite.charge(&charge, ahead).await.unwrap();
                memory.charge(&charge, ahead).await.unwrap();
                now
            }
            2..10 => back,
            other => now + Duration::from_millis(other * 150),
        };
        let charges: Vec<Charge> = keys
            .iter()
            .filter_map(|key| {
                let lane = lanes()[numbers.below(6) as usize];
                (numbers.below(3) > 0).then(|| Charge::new(*key, lane))
            })
            .collect();
        let answers = sqlite.charge(&charges, now).await.unwrap();
        assert_eq!(answers, memory.charge(&charges, now).await.unwrap());
        let refunds: Vec<Refund> = charges
            .iter()
            .zip(&answers)
            .filter(|(charge, charged)| **charged && charge.lane.slow.burst != 0)
            .filter(|_| numbers.below(2) == 0)
            .map(|(charge, _)| {
                Refund::new(charge.key, charge.lane.fast.period, charge.lane.slow.period)
            })
            .collect();
        sqlite.give_back(&refunds, now).await.unwrap();
        memory.give_back(&refunds, now).await.unwrap();
        let (one, other) = (
            sqlite.read(&keys, now).await.unwrap(),
            memory.read(&keys, now).await.unwrap(),
        );
        for ((key, one), other) in keys.iter().zip(one).zip(other) {
            // A debt that has ended is none, whenever it ended.
            let ends = |found: Option<Found>| match found {
                Some(Found::Counter(counter)) => [counter.fast.max(now), counter.slow.max(now)],
                Some(Found::Value(_)) => panic!("there are no values"),
                None => [now; 2],
            };
            assert_eq!(ends(one), ends(other), "{key:?} at {now:?}");
        }
    }
}

async fn charge(store: &dyn EphemeralStore, key: EphemeralKey, lane: Lane, now: Timestamp) -> bool {
    store.charge(&[Charge::new(key, lane)], now).await.unwrap() == [true]
}

/// Else its owner would be locked out until then.
#[tokio::test]
async fn a_counter_that_a_clock_far_ahead_has_written_frees_itself() {
    let (_directory, path) = database();
    let (sqlite, memory) = (SqliteStore::open(path).await.unwrap(), MemoryStore::new());
    let lane = lanes()[0];
    for store in [sqlite.ephemeral(), memory.ephemeral()] {
        while charge(store, key(1), lane, NOW + 900 * DAY).await {}
        for _ in 0..5 {
            assert!(charge(store, key(1), lane, NOW).await);
        }
        assert!(!charge(store, key(1), lane, NOW).await);
        assert!(charge(store, key(1), lane, NOW + MINUTE).await);
    }
}

#[tokio::test]
async fn delete_ended_deletes_what_has_ended_in_as_many_batches_as_it_needs() {
    let (_directory, path) = database();
    let (sqlite, memory) = (SqliteStore::open(path).await.unwrap(), MemoryStore::new());
    for store in [sqlite.ephemeral(), memory.ephemeral()] {
        for first in (0..1200).step_by(60) {
            let charges: Vec<Charge> = (first..first + 60)
                .map(|number| Charge::new(key(number), lanes()[0]))
                .collect();
            store.charge(&charges, NOW).await.unwrap();
        }
        for (number, lifetime) in [(5000, HOUR), (5001, 3 * HOUR)] {
            let entry = Entry::new(key(number), b"value", lifetime);
            store.note(entry, NOW).await.unwrap();
        }
        let just_before = NOW + (2 * HOUR - Duration::from_millis(1));
        assert_eq!(store.delete_ended(just_before).await.unwrap(), 1);
        assert_eq!(store.delete_ended(NOW + 2 * HOUR).await.unwrap(), 1200);
        assert_eq!(store.delete_ended(NOW + 2 * HOUR).await.unwrap(), 0);
        let left = store.read(&[key(5001)], NOW + 2 * HOUR).await.unwrap();
        assert_eq!(left, [Some(Found::Value(b"value".to_vec()))]);
    }
}

#[tokio::test]
async fn a_value_above_16_kib_is_refused() {
    let (_directory, path) = database();
    let (sqlite, memory) = (SqliteStore::open(path).await.unwrap(), MemoryStore::new());
    for store in [sqlite.ephemeral(), memory.ephemeral()] {
        let entry = Entry::new(key(1), &[0; Entry::MAX_BYTES + 1], HOUR);
        let refused = [
            store.note(entry, NOW).await.unwrap_err(),
            store.put_new(entry, NOW).await.unwrap_err(),
        ];
        for error in refused {
            assert!(error.to_string().ends_with("above 16 KiB"), "{error}");
        }
        assert_eq!(store.read(&[key(1)], NOW).await.unwrap(), [None]);
    }
}

/// A stranger who makes many counters takes no place of one with more debt.
#[tokio::test]
async fn a_store_in_memory_forgets_the_counters_with_the_least_debt_and_no_value() {
    let store = MemoryStore::new();
    let store = store.ephemeral();
    let lane = Lane::new(Rate::UNLIMITED, Rate::new(9, HOUR));
    let kept: Vec<EphemeralKey> = (0..100).map(key).collect();
    for key in &kept {
        for _ in 0..9 {
            assert!(charge(store, *key, lane, NOW).await);
        }
    }
    let note = Entry::new(EphemeralKey::new(*b"note", [7; 16]), b"kept", HOUR);
    store.note(note, NOW).await.unwrap();
    let others: Vec<Charge> = (100..(1 << 20) + 300_000)
        .map(|number| Charge::new(key(number), lane))
        .collect();
    assert!(!store.charge(&others, NOW).await.unwrap().contains(&false));
    for key in &kept {
        assert!(!charge(store, *key, lane, NOW).await);
    }
    let found = store.read(&[note.key], NOW).await.unwrap();
    assert_eq!(found, [Some(Found::Value(b"kept".to_vec()))]);
    let others: Vec<EphemeralKey> = others.iter().map(|charge| charge.key).collect();
    let left = store.read(&others, NOW).await.unwrap();
    let left = left.iter().flatten().count();
    assert!((900_000..=1 << 20).contains(&left), "{left}");
}

#[tokio::test]
async fn a_store_in_memory_refuses_values_for_which_it_has_no_room() {
    let store = MemoryStore::new();
    let store = store.ephemeral();
    let value = [7; Entry::MAX_BYTES];
    let entry = |number| Entry::new(key(number), &value, HOUR);
    let mut written = 0;
    while store.put_new(entry(written), NOW).await.is_ok() {
        written += 1;
    }
    // 128 MiB.
    assert!((8100..=8192).contains(&written), "{written}");
    let refused = store.note(entry(written), NOW).await.unwrap_err();
    assert!(refused.to_string().contains("no room"), "{refused}");
    // What is there may be written over, and is not forgotten.
    store.note(entry(0), NOW).await.unwrap();
    assert!(!store.put_new(entry(1), NOW).await.unwrap());
    // What was taken makes room, and so does what has ended.
    assert!(store.take(key(2), NOW).await.unwrap().is_some());
    assert!(store.put_new(entry(written), NOW).await.unwrap());
    store.put_new(entry(written + 1), NOW).await.unwrap_err();
    let later = NOW + HOUR;
    assert!(store.put_new(entry(written + 1), later).await.unwrap());
}

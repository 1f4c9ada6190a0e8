//! The arithmetic of counters in SQL: it is that of `Lane`.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sqlx::sqlite::SqlitePool;
use tower_bearer::SqliteStore;
use tower_bearer::clock::Timestamp;
use tower_bearer::store::{
    Charge, Counter, EphemeralKey, Found, Lane, Rate, Refund, SessionStore, sqlx,
};
use tower_bearer_fuzz::with_sqlite;

// Ten bytes are the lane, and then two bytes are a step each.
fuzz_target!(|input: &[u8]| {
    if let Some((lane, steps)) = input.split_first_chunk() {
        let (steps, _) = steps.as_chunks();
        with_sqlite(async |pool, store| check(lane_of(*lane), steps, pool, store).await);
    }
});

async fn check(lane: Lane, steps: &[[u8; 2]], pool: &SqlitePool, store: &SqliteStore) {
    let delete = sqlx::query("DELETE FROM tower_bearer_ephemeral");
    delete.execute(pool).await.expect("a table");
    let (store, key) = (store.ephemeral(), EphemeralKey::new(*b"fuzz", [7; 16]));
    let mut now = Timestamp::from_secs(1_800_000_000);
    let mut row: Option<Counter> = None;
    for &[step, by] in steps.iter().take(40) {
        let by = u64::from(by);
        match step % 5 {
            0 => now = now + Duration::from_millis(by),
            1 => now = now + Duration::from_millis(by * by * by),
            // Another process is behind.
            2 => now = Timestamp::from_millis(now.as_millis() - by * 20_000),
            3 => {
                let next = lane.charged(row, now);
                let charged = store.charge(&[Charge::new(key, lane)], now).await;
                assert_eq!(
                    charged.expect("a row of ours"),
                    [next.is_some()],
                    "{lane:?} {row:?}"
                );
                row = next.or(row);
            }
            _ => {
                let (fast, slow) = (lane.fast.period, Duration::from_millis(by * 1000));
                let returned = store.give_back(&[Refund::new(key, fast, slow)], now).await;
                returned.expect("a row of ours");
                row = row.map(|row| row.given_back(fast, slow));
            }
        }
        let found = store.read(&[key], now).await.expect("a row of ours");
        let expected = row.filter(|row| row.end() > now).map(Found::Counter);
        assert_eq!(found, [expected], "{lane:?} at {now:?}");
    }
}

fn lane_of(bytes: [u8; 10]) -> Lane {
    let [a, b, c, d, e, f, g, h, i, j] = bytes;
    let long = |high: u8, low: u8| u64::from(u16::from_be_bytes([high, low]));
    let fast = Rate::new(a.into(), Duration::from_millis(long(b, c)));
    let slow = Rate::new(d.into(), Duration::from_millis(long(e, f) * long(g, h)));
    Lane::new(fast, slow).with_ceiling(Duration::from_secs(long(i, j)))
}

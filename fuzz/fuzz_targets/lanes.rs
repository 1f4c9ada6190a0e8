//! The arithmetic of counters: never more than the burst, and then one a period.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tower_bearer::clock::Timestamp;
use tower_bearer::store::{Counter, Lane, Rate};

fuzz_target!(|input: &[u8]| {
    let Some((&[fast, fast_period, slow, slow_period], steps)) = input.split_first_chunk() else {
        return;
    };
    // A period of zero limits nothing.
    let fast = Rate::new(
        fast.into(),
        Duration::from_millis(u64::from(fast_period) * 7),
    );
    let slow = Rate::new(
        slow.into(),
        Duration::from_millis(u64::from(slow_period) * 501),
    );
    let lane = Lane::new(fast, slow);
    let mut now = Timestamp::from_secs(1_000_000);
    let mut row = None;
    let mut taken: Vec<(Timestamp, i64)> = Vec::new();
    let (steps, _) = steps.as_chunks::<2>();
    for &[step, by] in steps.iter().take(256) {
        match step % 4 {
            0 => now = now + Duration::from_millis(u64::from(by)),
            1 => now = now + Duration::from_millis(u64::from(by) * u64::from(by) * 17),
            2 => {
                let wait = lane.wait(row, now);
                let next = lane.charged(row, now);
                assert_eq!(next.is_some(), wait.is_zero());
                if next.is_some() {
                    row = next;
                    taken.push((now, 1));
                } else if is_open(&lane) {
                    // The wait is neither too short nor too long.
                    assert!(
                        lane.charged(row, now + wait).is_some(),
                        "{lane:?} {row:?} {now:?}"
                    );
                    let early = wait - Duration::from_millis(1);
                    assert!(
                        lane.charged(row, now + early).is_none(),
                        "{lane:?} {row:?} {now:?}"
                    );
                }
            }
            _ => {
                row = row.map(|row: Counter| row.given_back(fast.period, slow.period));
                taken.push((now, -1));
            }
        }
        assert!(row.is_none_or(|row| row.end() >= row.fast && row.end() >= row.slow));
    }
    for rate in [fast, slow] {
        check_windows(rate, &taken);
    }
});

/// Whether one is ever allowed.
fn is_open(lane: &Lane) -> bool {
    [lane.fast, lane.slow]
        .iter()
        .all(|rate| rate.burst > 0 || rate.period.is_zero())
}

/// From any moment on, no more are taken than the burst, one a period, and what was given back.
fn check_windows(rate: Rate, taken: &[(Timestamp, i64)]) {
    let period = rate.period.as_millis();
    if period == 0 {
        return;
    }
    for (first, (start, _)) in taken.iter().enumerate() {
        let mut passed = 0;
        let mut returned = 0;
        for (at, count) in &taken[first..] {
            if *count > 0 {
                passed += 1;
            } else {
                returned += 1;
            }
            let since = at.saturating_since(*start).as_millis();
            let most = u128::from(rate.burst) + since / period + returned;
            assert!(
                passed <= most,
                "{passed} have passed, and not {most}: {rate:?} {taken:?}"
            );
        }
    }
}

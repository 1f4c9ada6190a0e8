//! The longest time that a request waits while a million revocations are entered.

use std::time::{Duration, Instant};

use http::{HeaderValue, StatusCode};
use tower_bearer::names::SessionId;
use tower_bearer::store::Revocation;

use super::flood::Flood;
use crate::kind::Kind;
use crate::peers::sessions::Site;
use crate::rounds::{median, run_delay, undisturbed};
use crate::side::{Side, request};
use crate::table::Goal::{AtMost, Told};
use crate::table::Table;

pub fn rows(table: &Table) {
    for (name, goal, count) in [
        ("revocations_0_longest_wait_ms", Told, 0),
        ("revocations_10e5_longest_wait_ms", AtMost(1.0), 100_000),
        ("revocations_10e6_longest_wait_ms", AtMost(1.0), 1_000_000),
    ] {
        table.row(name, goal, || {
            let runs = (0..table.rounds(9, 3)).map(|_| longest_wait(count));
            median(runs.collect())
        });
    }
}

/// In milliseconds.
fn longest_wait(revocations: u64) -> f64 {
    let store = Flood::default();
    let site = Site::with_store(Kind::Hs256, store.clone());
    let (mut side, token) = (site.side(), site.valid(1));
    // The first request waits for the first pull.
    let mut delay = run_delay();
    wait_of(&mut *side, &token[0], &mut delay);
    store.release((0..revocations).map(revocation).collect());
    let (mut longest, start) = (Duration::ZERO, Instant::now());
    let mut last = None;
    undisturbed(|| {
        // The feed is read once more when all of them are entered.
        while last.is_none_or(|last| store.pulls() <= last) {
            longest = longest.max(wait_of(&mut *side, &token[0], &mut delay));
            if last.is_none() && !store.is_full() {
                last = Some(store.pulls() + 1);
            }
            assert!(start.elapsed() < LIMIT, "the revocations are not pulled");
        }
    });
    longest.as_secs_f64() * 1e3
}

/// The time of one request, without the time that the thread waits for a processor.
fn wait_of(side: &mut dyn Side, token: &HeaderValue, delay: &mut Duration) -> Duration {
    let request = request(Some(token));
    let start = Instant::now();
    assert_eq!(side.call(request), StatusCode::OK);
    let wait = start.elapsed();
    if wait < SHORT {
        return wait;
    }
    let now = run_delay();
    let waited = now.saturating_sub(*delay);
    *delay = now;
    wait.saturating_sub(waited)
}

fn revocation(number: u64) -> Revocation {
    // Ids are random: these are spread in the same way.
    let high = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let low = high.rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let id = u128::from(high) << 64 | u128::from(low);
    Revocation::new(SessionId::from_bytes(id.to_be_bytes()), Duration::ZERO)
}

/// Shorter waits are not looked at.
const SHORT: Duration = Duration::from_micros(50);
const LIMIT: Duration = Duration::from_secs(60);

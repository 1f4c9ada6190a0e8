//! What Redis answers to the commands that read the feed and short-lived things.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tower_bearer::clock::Timestamp;
use tower_bearer::store::redis_driver::{Value, parse_redis_value};
use tower_bearer::store::redis_rows::{read_ephemeral, read_feed};
use tower_bearer::store::{Found, Lane, Rate};

// An array, as Redis writes it.
fuzz_target!(|bytes: &[u8]| {
    let Ok(Value::Array(answers)) = parse_redis_value(bytes) else {
        return;
    };
    match read_feed(answers.clone()) {
        // An entry takes more bytes than the id of its session.
        Ok(revocations) => assert!(revocations.len() * 16 <= bytes.len()),
        Err(error) => assert!(error.to_string().len() <= 512 + 6 * bytes.len(), "{error}"),
    }
    let now = Timestamp::from_secs(1_800_000_000);
    let rate = Rate::new(5, Duration::from_secs(60));
    let [clock, found @ ..] = &answers[..] else {
        return;
    };
    for found in found {
        let Ok(Some(found)) = read_ephemeral(clock.clone(), found.clone(), now) else {
            continue;
        };
        match found {
            Found::Value(value) => assert!(value.len() < bytes.len()),
            Found::Counter(counter) => {
                assert!(counter.fast >= now && counter.slow >= now, "{counter:?}");
                // However far ahead a clock was, the counter refuses no longer than its debts.
                let wait = Lane::new(rate, rate).wait(Some(counter), now);
                assert!(
                    wait <= 6 * rate.period + Duration::from_secs(3600),
                    "{wait:?}"
                );
            }
        }
    }
});

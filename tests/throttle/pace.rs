//! How fast guesses are judged once the first burst is used up.

use std::time::Duration;

use support::{HOUR, MILLISECOND, MINUTE, SECOND};
use tower_bearer::throttle::{LoginThrottle, ThrottledBy};

use crate::door::{Door, NAME, door};

/// An address of a block of its own.
fn stranger(k: u32) -> String {
    format!("198.{}.{}.1", k >> 8, k & 255)
}

#[test]
fn twice_as_many_strangers_per_day_pass_twice_as_often() {
    let door = Door::new(LoginThrottle::default().strangers_per_day(288));
    let judged = |strangers: std::ops::Range<u32>| {
        strangers
            .filter(|k| door.attempt(NAME, &stranger(*k), None).is_ok())
            .count()
    };
    // Each time they are other strangers: one that was judged may come back.
    assert_eq!(judged(0..100), 60);
    door.clock.advance(15 * MINUTE - SECOND);
    assert_eq!(judged(100..103), 0);
    door.clock.advance(SECOND);
    assert_eq!(judged(200..203), 1);
}

#[test]
fn twice_as_many_strangers_per_day_may_come_back() {
    let door = Door::new(LoginThrottle::default().strangers_per_day(288));
    for k in 0..180 {
        let _ = door.attempt(NAME, &stranger(k), None);
    }
    door.clock.advance(45 * SECOND);
    for k in 60..160 {
        door.attempt(NAME, &stranger(k), None).unwrap().failed();
    }
    let refused = door.attempt(NAME, &stranger(160), None).unwrap_err();
    assert_eq!(
        (refused.by(), refused.retry_after().as_secs()),
        (ThrottledBy::Back, 450)
    );
}

#[test]
fn a_block_has_four_times_the_pace_of_a_network() {
    let door = Door::new(LoginThrottle::default().network(20, HOUR));
    for network in 0..4 {
        let names = 20 * network..20 * (network + 1);
        door.fail_at_names(names, &format!("192.0.2.{network}"));
    }
    let refused = door.attempt("other", "192.0.2.9", None).unwrap_err();
    assert_eq!(
        (refused.by(), refused.retry_after().as_secs()),
        (ThrottledBy::Network, 15 * 60)
    );
    let refused = door.attempt("other", "192.0.2.0", None).unwrap_err();
    assert_eq!(refused.retry_after().as_secs(), 60 * 60);
}

#[test]
fn a_block_has_four_hundred_guesses_at_once_and_then_four_a_second() {
    let door = door();
    for network in 0..4 {
        let names = 100 * network..100 * (network + 1);
        door.fail_at_names(names, &format!("192.0.2.{network}"));
    }
    assert!(door.attempt("other", "192.0.2.9", None).is_err());
    door.clock.advance(Duration::from_millis(249));
    assert!(door.attempt("other", "192.0.2.9", None).is_err());
    door.clock.advance(MILLISECOND);
    door.attempt("other", "192.0.2.9", None).unwrap().failed();
    assert!(door.attempt("other", "192.0.2.9", None).is_err());
}

#[test]
fn in_a_siege_an_unfamiliar_network_has_three_guesses_at_once() {
    let door = door();
    let besiege = |strangers: std::ops::Range<u32>| {
        for k in strangers {
            let _ = door.attempt(&format!("user{k}"), &stranger(k), None);
        }
    };
    let refused_by = |k: u32| {
        let attempt = door.attempt(&format!("name{k}"), "192.0.2.1", None);
        attempt.err().map(|refused| refused.by())
    };
    besiege(0..2_100);
    for k in 0..4 {
        assert_eq!(refused_by(k), Some(ThrottledBy::Siege));
    }
    door.clock.advance(45 * SECOND);
    besiege(2_100..2_200);
    let judged = [0, 1, 2, 3].map(refused_by);
    assert_eq!(judged, [None, None, None, Some(ThrottledBy::Network)]);
}

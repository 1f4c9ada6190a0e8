//! What the end of an attempt gives back to its network.

use support::{HOUR, at_once};
use tower_bearer::throttle::LoginThrottle;

use crate::door::{Door, NAME};

const NETWORK: &str = "192.0.2.1";

/// A network that has ten guesses at once, and then one an hour. Nine of them are used.
fn nine_of_ten() -> Door {
    let door = Door::new(LoginThrottle::default().network(10, HOUR));
    door.fail_at_names(0..9, NETWORK);
    door
}

/// Uses the tenth guess, and returns how many minutes the network then has to wait.
fn wait_after_the_tenth(door: &Door) -> u64 {
    door.attempt("tenth", NETWORK, None).unwrap().failed();
    let refused = door.attempt("eleventh", NETWORK, None).unwrap_err();
    refused.retry_after().as_secs().div_ceil(60)
}

#[test]
fn a_success_gives_its_network_a_fifth_more_than_it_took() {
    let door = nine_of_ten();
    door.succeed(door.attempt(NAME, NETWORK, None).unwrap());
    assert_eq!(wait_after_the_tenth(&door), 48);
}

#[test]
fn an_attempt_that_was_not_judged_gives_back_what_it_took_and_no_more() {
    let door = nine_of_ten();
    let attempt = door.attempt(NAME, NETWORK, None).unwrap();
    at_once(attempt.unavailable(&door.store, door.now()))
        .unwrap()
        .unwrap();
    assert_eq!(wait_after_the_tenth(&door), 60);
}

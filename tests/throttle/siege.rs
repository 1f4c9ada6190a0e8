//! The log says when a siege began, and when it ended.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use support::{HOUR, Log, MINUTE, at_once};
use tower_bearer::Secret;
use tower_bearer::clock::Clock;
use tower_bearer::test_util::ManualClock;
use tower_bearer::throttle::{Caller, LoginThrottle, Throttle};

use crate::memory::Memory;

struct Strangers {
    throttle: Throttle,
    store: Memory,
    clock: ManualClock,
    next: u32,
}

impl Strangers {
    fn new(settings: LoginThrottle) -> Self {
        Self {
            throttle: Throttle::new(settings, &Secret::dangerous_weak("siege")).unwrap(),
            store: Memory::default(),
            clock: ManualClock::new(),
            next: 0,
        }
    }

    /// So many guesses, each at another name and from another network.
    fn guess(&mut self, times: u32) {
        for _ in 0..times {
            self.next += 1;
            let name = format!("user {}", self.next);
            let address = IpAddr::from(Ipv4Addr::from_bits(self.next << 8));
            let caller = Caller::new(&name).with_address(address);
            let attempt = self.throttle.attempt(&self.store, caller, self.clock.now());
            drop(at_once(attempt).unwrap());
        }
    }
}

#[test]
fn a_siege_is_one_warning_where_it_begins_and_one_where_it_ends() {
    let (log, _guard) = Log::capture();
    let mut strangers = Strangers::new(LoginThrottle::default());
    strangers.guess(1_900);
    assert_eq!(log.take_our_own(), [""; 0]);
    strangers.guess(400);
    let lines = log.take_our_own();
    let [began] = &*lines else {
        panic!("{lines:?}")
    };
    assert!(
        began.contains("WARN") && began.contains("siege began: many networks"),
        "{began}"
    );

    // It goes on, and it is over for less than ten minutes.
    strangers.clock.advance(5 * MINUTE);
    strangers.guess(50);
    assert_eq!(log.take_our_own(), [""; 0]);
    strangers.clock.advance(HOUR);
    strangers.guess(1);
    let lines = log.take_our_own();
    let [ended] = &*lines else {
        panic!("{lines:?}")
    };
    assert!(
        ended.contains("WARN") && ended.ends_with("siege ended"),
        "{ended}"
    );
    strangers.guess(1);
    assert_eq!(log.take_our_own(), [""; 0]);
}

/// The attack swings about the limit.
#[test]
fn there_are_two_lines_in_ten_minutes_at_most() {
    let (log, _guard) = Log::capture();
    let mut strangers = Strangers::new(LoginThrottle::default());
    strangers.guess(2_100);
    let mut lines = log.take_our_own().len();
    assert_eq!(lines, 1);
    for _ in 0..120 {
        strangers.clock.advance(Duration::from_secs(30));
        strangers.guess(5);
        lines += log.take_our_own().len();
    }
    assert!(lines <= 13, "{lines}");
}

#[test]
fn without_siege_there_is_no_warning() {
    let (log, _guard) = Log::capture();
    Strangers::new(LoginThrottle::default().without_siege()).guess(2_300);
    assert_eq!(log.take_our_own(), [""; 0]);
}

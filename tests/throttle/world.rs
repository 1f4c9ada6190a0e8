//! The simulator: events in the order of their time, attempts, and what came of them.

use std::collections::{BinaryHeap, HashMap};
use std::net::IpAddr;
use std::time::Duration;

use support::at_once;
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::store::EphemeralStore;
use tower_bearer::test_util::ManualClock;
use tower_bearer::throttle::{Attempt, AttemptError, Caller, LoginThrottle, Throttle};
use tower_bearer::{Secret, Subject};

use crate::memory::Memory;

/// A world of strangers and owners. Times are seconds since its start.
pub(crate) struct World {
    pub(crate) store: Memory,
    pub(crate) random: Random,
    pub(crate) throttle: Throttle,
    /// Marks are not presented: the rule without them.
    pub(crate) forget_marks: bool,
    /// The clocks of the processes are right, so many seconds ahead, or twice as many.
    pub(crate) skew: u64,
    clock: ManualClock,
    start: Timestamp,
    queue: BinaryHeap<Event>,
    events: u64,
    counts: HashMap<&'static str, u64>,
}

/// How long a password hash takes.
const VERDICT: f64 = 0.3;

impl World {
    pub(crate) fn new(settings: LoginThrottle) -> Self {
        let clock = ManualClock::new();
        Self {
            store: Memory::default(),
            random: Random(1),
            throttle: Throttle::new(settings, &Secret::dangerous_weak("simulation")).unwrap(),
            forget_marks: false,
            skew: 0,
            start: clock.now(),
            clock,
            queue: BinaryHeap::new(),
            events: 0,
            counts: HashMap::new(),
        }
    }

    pub(crate) fn time(&self) -> f64 {
        self.clock.now().saturating_since(self.start).as_secs_f64()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn at(&mut self, time: f64, action: impl FnOnce(&mut Self) + 'static) {
        self.push(time, Action::Once(Box::new(action)));
    }

    /// Does it from `start` to `end`, with `pause` and up to `jitter` more between.
    pub(crate) fn every(
        &mut self,
        (start, end): (f64, f64),
        pause: f64,
        jitter: f64,
        action: impl FnMut(&mut Self) + 'static,
    ) {
        self.push(
            start,
            Action::Every {
                pause,
                jitter,
                end,
                action: Box::new(action),
            },
        );
    }

    pub(crate) fn run(&mut self, end: f64) {
        let mut clean_up = self.time() + 6.0 * HOUR;
        while self.queue.peek().is_some_and(|event| event.time <= end) {
            let Some(Event { time, action, .. }) = self.queue.pop() else {
                return;
            };
            let moment = self.start + Duration::from_secs_f64(time.max(0.0));
            self.clock
                .advance(moment.saturating_since(self.clock.now()));
            match action {
                Action::Once(action) => action(self),
                Action::Every {
                    pause,
                    jitter,
                    end,
                    mut action,
                } => {
                    action(self);
                    if time + pause <= end {
                        let next = time + pause + self.random.below(jitter);
                        self.push(
                            next,
                            Action::Every {
                                pause,
                                jitter,
                                end,
                                action,
                            },
                        );
                    }
                }
            }
            if time > clean_up {
                clean_up += 6.0 * HOUR;
                at_once(self.store.delete_ended(self.now()))
                    .unwrap()
                    .unwrap();
            }
        }
    }

    /// Asks the throttle. At `Err` is the `Retry-After`.
    pub(crate) fn attempt(
        &mut self,
        name: &str,
        address: IpAddr,
        mark: Option<&str>,
    ) -> Result<Attempt, f64> {
        let mark = mark.filter(|_| !self.forget_marks);
        let ahead = self.random.below_u64(3) * self.skew;
        let now = self.now() + Duration::from_secs(ahead);
        let caller = Caller::new(name).with_address(address).with_mark(mark);
        let asked = self.throttle.attempt(&self.store, caller, now);
        match at_once(asked).unwrap() {
            Ok(attempt) => Ok(attempt),
            Err(AttemptError::Throttled(throttled)) => {
                Err(throttled.retry_after().as_secs() as f64)
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Tries a wrong password. Returns the `Retry-After`, unless it was judged.
    pub(crate) fn guess(&mut self, name: &str, address: IpAddr, mark: Option<&str>) -> Option<f64> {
        match self.attempt(name, address, mark) {
            Ok(attempt) => {
                self.count("judged");
                self.fail(attempt);
                None
            }
            Err(wait) => {
                self.count("refused");
                Some(wait)
            }
        }
    }

    /// The verdict of an attempt: wrong.
    pub(crate) fn fail(&mut self, attempt: Attempt) {
        attempt.failed();
        let late = self.store.take_late();
        if !late.is_empty() {
            self.at(self.time() + VERDICT, move |w| {
                w.store.charge_late(&late, w.now());
            });
        }
    }

    /// The verdict of an attempt: right.
    pub(crate) fn succeed(&mut self, attempt: Attempt, name: &str) {
        self.store.take_late();
        let subject = Subject::from(name);
        self.at(self.time() + VERDICT, move |w| {
            at_once(attempt.succeeded(&w.store, &subject, w.now()))
                .unwrap()
                .unwrap();
        });
    }

    /// The account has logged in from this network before.
    pub(crate) fn know(&mut self, attempt: Attempt, name: &str) {
        at_once(attempt.succeeded(&self.store, &Subject::from(name), self.now()))
            .unwrap()
            .unwrap();
    }

    /// Measures whether the right password passes, within one `Retry-After` of at most a minute. It
    /// leaves no trace.
    pub(crate) fn login(&mut self, name: &str, address: IpAddr, mark: Option<&str>, who: Who) {
        self.count(who.tried);
        match self.attempt(name, address, mark) {
            Ok(attempt) => {
                self.count(who.at_once);
                self.count(who.passed);
                self.give_back(attempt);
            }
            Err(wait) if wait <= 60.0 => {
                let again = self.time() + wait + 0.5 + self.random.below(19.5);
                let (name, mark) = (name.to_owned(), mark.map(str::to_owned));
                self.at(again, move |w| {
                    if let Ok(attempt) = w.attempt(&name, address, mark.as_deref()) {
                        w.count(who.passed);
                        w.give_back(attempt);
                    }
                });
            }
            Err(_) => {}
        }
    }

    fn give_back(&mut self, attempt: Attempt) {
        self.store.take_late();
        self.at(self.time() + VERDICT, move |w| {
            at_once(attempt.unavailable(&w.store, w.now()))
                .unwrap()
                .unwrap();
        });
    }

    /// A mark of a device that has logged in as this account.
    pub(crate) fn mark(&self, name: &str) -> String {
        let mark = self
            .throttle
            .device_mark(name, &Subject::from(name), None, self.now());
        mark.unwrap().secret().to_owned()
    }

    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(crate) fn counted(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or_default()
    }

    /// Percent of the first among the second.
    pub(crate) fn percent(&self, part: &str, all: &str) -> f64 {
        100.0 * self.counted(part) as f64 / self.counted(all).max(1) as f64
    }

    fn push(&mut self, time: f64, action: Action) {
        self.events += 1;
        self.queue.push(Event {
            time,
            number: self.events,
            action,
        });
    }
}

/// Whose logins are counted: the names of three counts.
#[derive(Clone, Copy)]
pub(crate) struct Who {
    pub(crate) tried: &'static str,
    pub(crate) passed: &'static str,
    pub(crate) at_once: &'static str,
}

struct Event {
    time: f64,
    number: u64,
    action: Action,
}

enum Action {
    Once(Box<dyn FnOnce(&mut World)>),
    Every {
        pause: f64,
        jitter: f64,
        end: f64,
        action: Box<dyn FnMut(&mut World)>,
    },
}

/// The earliest is the greatest.
impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other
            .time
            .total_cmp(&self.time)
            .then(other.number.cmp(&self.number))
    }
}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Event {}

/// Numbers that look random, the same in every run (SplitMix64).
pub(crate) struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below_u64(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn below(&mut self, end: f64) -> f64 {
        end * (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

pub(crate) const MINUTE: f64 = 60.0;
pub(crate) const HOUR: f64 = 3600.0;
pub(crate) const DAY: f64 = 86_400.0;

//! A throttle that one attempt after the other is made at.

use std::net::IpAddr;
use std::ops::Range;

use support::at_once;
use tower_bearer::clock::{Clock, Timestamp};
use tower_bearer::test_util::ManualClock;
use tower_bearer::throttle::{
    Attempt, AttemptError, Caller, DeviceMark, LoginThrottle, Throttle, Throttled,
};
use tower_bearer::{Secret, Subject};

use crate::memory::Memory;

pub(crate) const NAME: &str = "ann@example.com";

/// A throttle, its store and its clock.
pub(crate) struct Door {
    pub(crate) throttle: Throttle,
    pub(crate) store: Memory,
    pub(crate) clock: ManualClock,
}

impl Door {
    pub(crate) fn new(settings: LoginThrottle) -> Self {
        Self::with_secret(settings, &Secret::dangerous_weak("door"))
    }

    pub(crate) fn with_secret(settings: LoginThrottle, secret: &Secret) -> Self {
        Self {
            throttle: Throttle::new(settings, secret).unwrap(),
            store: Memory::default(),
            clock: ManualClock::new(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn asked(&self, caller: Caller<'_>) -> Result<Attempt, AttemptError> {
        at_once(self.throttle.attempt(&self.store, caller, self.now())).unwrap()
    }

    pub(crate) fn attempt(
        &self,
        name: &str,
        from: &str,
        mark: Option<&str>,
    ) -> Result<Attempt, Throttled> {
        let address = Some(from.parse::<IpAddr>().unwrap());
        match self.asked(Caller::new(name).with_address(address).with_mark(mark)) {
            Ok(attempt) => Ok(attempt),
            Err(AttemptError::Throttled(throttled)) => Err(throttled),
            Err(error) => panic!("{error}"),
        }
    }

    /// Guesses until it is refused.
    pub(crate) fn guess(&self, name: &str, from: &str) -> (u32, Throttled) {
        for judged in 0..1000 {
            match self.attempt(name, from, None) {
                Ok(attempt) => attempt.failed(),
                Err(throttled) => return (judged, throttled),
            }
        }
        panic!("1000 guesses were judged");
    }

    /// Guesses once at each of so many names.
    pub(crate) fn fail_at_names(&self, names: Range<u32>, from: &str) {
        for k in names {
            let attempt = self.attempt(&format!("name{k}"), from, None);
            attempt.unwrap().failed();
        }
    }

    /// Networks guess until what all strangers have at a name is used up.
    pub(crate) fn use_up(&self, name: &str) {
        for k in 0..100 {
            let _ = self.attempt(name, &format!("198.51.{k}.1"), None);
        }
    }

    pub(crate) fn succeed(&self, attempt: Attempt) -> DeviceMark {
        self.succeed_as(attempt, "ann")
    }

    pub(crate) fn succeed_as(&self, attempt: Attempt, subject: &str) -> DeviceMark {
        let subject = Subject::from(subject);
        at_once(attempt.succeeded(&self.store, &subject, self.now()))
            .unwrap()
            .unwrap()
            .unwrap()
    }
}

pub(crate) fn door() -> Door {
    Door::new(LoginThrottle::default())
}

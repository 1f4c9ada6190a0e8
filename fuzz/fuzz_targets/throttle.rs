//! The rule of the throttle: how many passwords strangers try, and who always gets through.

#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tower_bearer::clock::Timestamp;
use tower_bearer::store::SessionStore;
use tower_bearer::throttle::{Attempt, AttemptError, Caller, LoginThrottle, Throttle};
use tower_bearer::{MemoryStore, Secret};
use tower_bearer_fuzz::block_on;

fuzz_target!(|steps: &[u8]| {
    let mut world = World::new();
    let (steps, _) = steps.as_chunks::<2>();
    for &[step, by] in steps.iter().take(400) {
        match step % 4 {
            0 => world.now = world.now + Duration::from_millis(u64::from(by) * 250),
            1 => world.now = world.now + Duration::from_secs(u64::from(by) * u64::from(by)),
            2 => world.guess(by),
            _ => world.log_in(by),
        }
    }
});

struct World {
    store: MemoryStore,
    now: Timestamp,
    /// The wrong passwords that were looked at: when, and from where.
    judged: Vec<(Timestamp, IpAddr)>,
    /// The networks that the name has logged in from, at any time.
    known: Vec<IpAddr>,
    /// The mark of the owner's device, and how often it was wrong.
    mark: Option<(String, u32)>,
}

impl World {
    fn new() -> Self {
        Self {
            store: MemoryStore::new(),
            now: Timestamp::from_secs(1_800_000_000),
            judged: Vec::new(),
            known: Vec::new(),
            mark: None,
        }
    }

    /// Tries a wrong password.
    fn guess(&mut self, by: u8) {
        let address = address(by);
        // The owner is wrong too, on their own device.
        if by >= 0xf0 && self.mark.is_some() {
            let attempt = self.marked(address);
            if let (Some((_, wrong)), Ok(_)) = (&mut self.mark, attempt) {
                *wrong += 1;
            }
            return;
        }
        if self.attempt(address, None).is_ok() {
            self.judged.push((self.now, address));
        }
        self.check_pair(address);
        self.check_strangers();
    }

    /// The owner logs in, on their own device if it has a mark.
    fn log_in(&mut self, by: u8) {
        let address = address(by);
        let attempt = if self.mark.is_some() && by & 1 == 0 {
            self.marked(address)
        } else {
            self.attempt(address, None)
        };
        let Ok(attempt) = attempt else {
            return;
        };
        let subject = NAME.into();
        let finished = attempt.succeeded(self.store.ephemeral(), &subject, self.now);
        let mark = block_on(finished)
            .expect("memory does not fail")
            .expect("the throttle is on");
        assert!(!format!("{mark:?}").contains(mark.secret()));
        if self.mark.is_none() {
            self.mark = Some((mark.secret().to_owned(), 0));
        }
        self.known.push(address);
    }

    /// A known device gets through, whatever strangers have done, until it is wrong itself.
    fn marked(&self, address: IpAddr) -> Result<Attempt, AttemptError> {
        let (mark, wrong) = self.mark.as_ref().expect("there is one");
        let attempt = self.attempt(address, Some(mark));
        assert!(
            *wrong >= 5 || attempt.is_ok(),
            "a known device is refused: {attempt:?}"
        );
        attempt
    }

    fn attempt(&self, address: IpAddr, mark: Option<&str>) -> Result<Attempt, AttemptError> {
        let caller = Caller::new(NAME).with_address(address).with_mark(mark);
        let attempt = block_on(THROTTLE.attempt(self.store.ephemeral(), caller, self.now));
        if let Err(AttemptError::Throttled(throttled)) = &attempt {
            let week = 7 * 24 * 3600;
            assert!(
                (1..=week + 3600).contains(&throttled.retry_after().as_secs()),
                "{throttled:?}"
            );
        }
        attempt
    }

    /// One network has 15 guesses, and then one in two hours.
    fn check_pair(&self, address: IpAddr) {
        let guesses = self.judged.iter().filter(|(_, from)| *from == address);
        self.check(guesses, |since| 15 + since / (2 * HOUR));
    }

    /// All strangers have 80 guesses, and then 144 a day.
    fn check_strangers(&self) {
        let is_stranger =
            |from: &IpAddr| !self.known.iter().any(|known| block(*known) == block(*from));
        let guesses = self.judged.iter().filter(|(_, from)| is_stranger(from));
        self.check(guesses, |since| {
            80 + since / (HOUR / 2) + since / (HOUR / 4)
        });
    }

    fn check<'j>(
        &self,
        guesses: impl Iterator<Item = &'j (Timestamp, IpAddr)>,
        most: impl Fn(u64) -> u64,
    ) {
        let moments: Vec<Timestamp> = guesses.map(|(at, _)| *at).collect();
        // Since each of them: a bucket does not fill above its burst.
        for (before, since) in moments.iter().enumerate() {
            let most = most(self.now.saturating_since(*since).as_secs());
            let guesses = (moments.len() - before) as u64;
            assert!(guesses <= most, "{guesses} guesses, and not {most}");
        }
    }
}

/// Sixteen blocks, with four networks in each.
fn address(by: u8) -> IpAddr {
    Ipv4Addr::new(198, 51, by & 15, 1 + (by >> 4 & 3)).into()
}

fn block(address: IpAddr) -> [u8; 3] {
    match address {
        IpAddr::V4(address) => address.octets()[..3].try_into().expect("three bytes"),
        IpAddr::V6(_) => [0; 3],
    }
}

static THROTTLE: LazyLock<Throttle> = LazyLock::new(|| {
    let secret = Secret::dangerous_weak("the secret of a fuzz target");
    Throttle::new(LoginThrottle::default(), &secret).expect("the defaults are right")
});

const NAME: &str = "alice";
const HOUR: u64 = 3600;

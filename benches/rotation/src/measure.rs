//! Lets many users live, and counts.

use rayon::prelude::*;

use crate::days::DAYS;
use crate::dice::User;
use crate::honest::{Clients, Scenario};
use crate::interval::Interval;
use crate::rows::{Candidate, Keys};
use crate::rule::Millis;
use crate::thief::{Fate, Thief};

/// The sessions that honest users lost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lost {
    pub users: u64,
    pub sessions: u64,
    /// How many users lost at least one.
    pub unlucky: u64,
}

impl Lost {
    /// Returns how many sessions are lost in 100,000 days of users.
    pub fn rate(&self) -> f64 {
        self.sessions as f64 * 100_000.0 / (self.users * DAYS) as f64
    }

    /// Returns the share of users who lost a session.
    pub fn unlucky(&self) -> Interval {
        Interval::new(self.unlucky, self.users)
    }
}

pub fn honest(candidate: &Candidate, scenario: Scenario, users: u64, seed: u64) -> Lost {
    let clients = Clients {
        send_keys: candidate.keys != Keys::Absent,
    };
    let lives = (0..users).into_par_iter().map(|number| {
        let mut rule = (candidate.make)(scenario.has_rendering_servers());
        let user = User {
            seed,
            scenario: scenario as u64,
            number,
        };
        u64::from(scenario.run(&mut *rule, clients, user))
    });
    let of_each: Vec<_> = lives.collect();
    Lost {
        users,
        sessions: of_each.iter().sum(),
        unlucky: of_each.iter().filter(|&&sessions| sessions > 0).count() as u64,
    }
}

/// How long it took until thefts were noticed.
#[derive(Clone, Debug, PartialEq)]
pub struct Noticed {
    /// `None` is never.
    fates: Vec<Option<Millis>>,
}

impl Noticed {
    /// Returns the time after which this share of the thefts was noticed.
    pub fn after(&self, share: f64) -> Option<Millis> {
        let place = (self.fates.len() as f64 * share).ceil() as usize;
        self.fates[place.max(1) - 1]
    }

    /// Returns the share that was never noticed.
    pub fn never(&self) -> Interval {
        let never = self.fates.iter().filter(|fate| fate.is_none()).count();
        Interval::new(never as u64, self.fates.len() as u64)
    }
}

pub fn thefts(candidate: &Candidate, thief: Thief, thieves: u64, seed: u64) -> Noticed {
    let mut fates: Vec<_> = (0..thieves)
        .into_par_iter()
        .map(|number| {
            let mut rule = (candidate.make)(false);
            let user = User {
                seed,
                scenario: 100 + thief as u64,
                number,
            };
            match thief.run(&mut *rule, candidate.keys, user) {
                Fate::Noticed(after) => Some(after),
                Fate::Rejected | Fate::Unnoticed => None,
            }
        })
        .collect();
    // The thefts that are never noticed come last.
    fates.sort_unstable_by_key(|fate| fate.unwrap_or(Millis::MAX));
    Noticed { fates }
}

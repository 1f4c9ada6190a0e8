//! Honest people behind one address.

use std::net::IpAddr;
use std::sync::Arc;

use crate::owner::quiet;
use crate::stuffing::stuff;
use crate::world::{DAY, HOUR, MINUTE, World};

/// A crowd: each tries until they are in. A typo is followed by the right password after 8 s.
#[derive(Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) people: u64,
    pub(crate) a_minute: f64,
    pub(crate) minutes: f64,
    pub(crate) typos: f64,
    /// How many have forgotten their password, and are wrong six times.
    pub(crate) forgot: u64,
    pub(crate) marked: f64,
    pub(crate) familiar: f64,
}

pub(crate) const OFFICE: Crowd = Crowd {
    people: 500,
    a_minute: 500.0 / 30.0,
    minutes: 30.0,
    typos: 0.03,
    forgot: 10,
    marked: 0.0,
    familiar: 0.0,
};

/// A carrier's gateway, for a day.
pub(crate) const CARRIER: Crowd = Crowd {
    people: 50_000,
    a_minute: 100.0,
    minutes: 24.0 * 60.0,
    typos: 0.02,
    forgot: 100,
    marked: 0.0,
    familiar: 0.0,
};

/// What else happens.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Beside {
    Nothing,
    /// Accounts are stuffed from 10,000 networks, this many in a second.
    Siege(f64),
    /// One of the crowd stuffs, with a pause between.
    Insider(f64),
}

/// Percent of the crowd.
#[derive(Clone, Copy, Debug)]
pub(crate) struct In {
    /// Those that got in.
    pub(crate) all: f64,
    /// Those that got in without a long wait: 80 s, and 160 s for those that have forgotten.
    pub(crate) soon: f64,
}

/// Lets a crowd log in.
pub(crate) fn crowd(mut w: World, crowd: Crowd, beside: Beside) -> In {
    // The siege has begun before.
    let start = if matches!(beside, Beside::Siege(_)) {
        HOUR
    } else {
        0.0
    };
    let end = start + crowd.minutes * MINUTE + HOUR / 2.0;
    match beside {
        Beside::Nothing => {}
        Beside::Siege(a_second) => stuff(&mut w, (0.0, end), 10_000, 1.0 / a_second),
        Beside::Insider(pause) => {
            let mut i = 0;
            w.every((1.0, end.min(DAY)), pause, 0.0, move |w| {
                i += 1;
                {
                    w.guess(&format!("leaked{i}"), here(), None);
                };
            });
        }
    }
    let mut marks = std::collections::HashMap::new();
    for person in 0..crowd.people {
        if w.random.below(1.0) < crowd.familiar {
            let name = name(person);
            // A network that is familiar since another day.
            let attempt = w.attempt(&name, here(), None);
            if let Ok(attempt) = attempt {
                w.know(attempt, &name);
            }
        }
        if (person * 7919 % 1000) as f64 <= crowd.marked * 1000.0 - 1.0 {
            marks.insert(person, w.mark(&name(person)));
        }
    }
    let marks = Arc::new(marks);
    let visits = (crowd.a_minute * crowd.minutes) as u64;
    for k in 0..visits {
        let time = start + MINUTE + k as f64 * MINUTE / crowd.a_minute + w.random.below(30.0);
        let of_all = if crowd.people <= visits {
            k
        } else {
            w.random.below_u64(u64::MAX)
        };
        let person = of_all % crowd.people;
        let forgot = crowd.forgot > 0 && k % (visits / crowd.forgot).max(1) == 0;
        let typo = u32::from(w.random.below(1.0) < crowd.typos);
        let visit = Visit {
            name: name(person),
            mark: marks.get(&person).cloned(),
            wrong: if forgot { 6 } else { typo },
            tries: 0,
            since: time,
            soon: if forgot { 160.0 } else { 80.0 },
        };
        w.at(time, move |w| visit.go(w));
    }
    w.run(end);
    let all = In {
        all: w.percent("in", "people"),
        soon: w.percent("in soon", "people"),
    };
    println!(
        "{all:?}, {} of {} refused",
        w.counted("crowd refused"),
        w.counted("people")
    );
    all
}

/// The one address of the crowd.
fn here() -> IpAddr {
    quiet(7)
}

fn name(person: u64) -> String {
    format!("person{person}@example.com")
}

struct Visit {
    name: String,
    mark: Option<String>,
    wrong: u32,
    tries: u32,
    since: f64,
    soon: f64,
}

impl Visit {
    fn go(mut self, w: &mut World) {
        if self.tries == 0 {
            w.count("people");
        }
        self.tries += 1;
        match w.attempt(&self.name, here(), self.mark.as_deref()) {
            Err(wait) => {
                w.count("crowd refused");
                if self.tries <= 40 {
                    let again = w.time() + wait + 0.5 + w.random.below(9.5);
                    w.at(again, move |w| self.go(w));
                }
            }
            Ok(attempt) if self.wrong > 0 => {
                w.fail(attempt);
                self.wrong -= 1;
                self.tries = self.tries.max(1);
                w.at(w.time() + 8.0, move |w| self.go(w));
            }
            Ok(attempt) => {
                w.succeed(attempt, &self.name);
                w.count("in");
                if w.time() - self.since <= self.soon {
                    w.count("in soon");
                }
            }
        }
    }
}

//! The search visits every world that can be reached, the nearest first.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use super::event::Event;
use super::law::Law;
use super::rules::Rule;
use super::scenario::Scenario;
use super::step::steps;
use super::world::World;

/// The result of a search.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) states: usize,
    /// How often each kind of answer or refusal was given.
    pub(super) met: BTreeMap<&'static str, usize>,
    pub(super) broken: Option<(Law, Vec<Event>)>,
}

/// Stops at the first step that breaks one of `laws`. The way to it is the shortest one.
pub(super) fn search(scenario: &Scenario, rule: &Rule, laws: &[Law]) -> Seen {
    let mut seen = Seen::default();
    let start = Rc::new(World::new(scenario));
    let mut known: HashSet<_, BuildHasherDefault<Quick>> = HashSet::default();
    known.insert(Rc::clone(&start));
    // Each world has the world that it came from.
    let mut reached = vec![(start, 0, Event::TimePasses)];
    let mut at = 0;
    while at < reached.len() {
        let world = Rc::clone(&reached[at].0);
        for (event, mut next) in steps(&world, scenario, rule) {
            if let Some(word) = event.word() {
                *seen.met.entry(word).or_default() += 1;
            }
            if let Some(&law) = laws
                .iter()
                .find(|law| !law.holds(&world, &event, &next, scenario))
            {
                seen.states = reached.len();
                seen.broken = Some((law, way(&reached, at, event)));
                return seen;
            }
            next.settle(scenario);
            let next = Rc::new(next);
            if known.insert(Rc::clone(&next)) {
                reached.push((next, at, event));
            }
        }
        at += 1;
        assert!(
            reached.len() < MOST,
            "the scenario is too large: {scenario:?}"
        );
    }
    seen.states = reached.len();
    seen
}

fn way(reached: &[(Rc<World>, usize, Event)], mut at: usize, last: Event) -> Vec<Event> {
    let mut way = vec![last];
    while at > 0 {
        way.push(reached[at].2);
        at = reached[at].1;
    }
    way.reverse();
    way
}

/// Asserts that the rule keeps every law of the scenario. `met` must have happened, so that an
/// empty search proves nothing.
pub(super) fn holds(
    name: &str,
    scenario: &Scenario,
    rule: &Rule,
    at_least: usize,
    met: &[&str],
) -> Seen {
    let seen = search(scenario, rule, scenario.laws);
    println!("{name}: {} states, {:?}", seen.states, seen.met);
    if let Some((law, way)) = &seen.broken {
        panic!("{name}: {law:?} is broken by {}", told(way));
    }
    assert!(
        seen.states >= at_least,
        "{name}: only {} states",
        seen.states
    );
    for word in met {
        assert!(seen.met.contains_key(*word), "{name}: never {word}");
    }
    seen
}

/// Asserts that the law notices a fault of the rule or of the world.
pub(super) fn caught(name: &str, scenario: &Scenario, rule: &Rule, law: Law) {
    let seen = search(scenario, rule, &[law]);
    let (_, way) = seen
        .broken
        .unwrap_or_else(|| panic!("{name}: {law:?} was kept in {} states", seen.states));
    println!(
        "{name}: {law:?} is broken after {} states by {} steps",
        seen.states,
        way.len()
    );
    // The longer ways repeat themselves.
    if way.len() <= 30 {
        println!("{}", told(&way));
    }
}

fn told(way: &[Event]) -> String {
    way.iter().fold(String::new(), |mut text, event| {
        let _ = write!(text, "\n  {event:?}");
        text
    })
}

/// The maximum number of worlds, because more would take too long.
const MOST: usize = 2_000_000;

/// The default hasher is slow in a build without optimisation.
#[derive(Default)]
struct Quick(u64);

impl Quick {
    fn mix(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.mix(byte.into()));
    }
    fn write_u8(&mut self, value: u8) {
        self.mix(value.into());
    }
    fn write_i8(&mut self, value: i8) {
        self.mix(value as u64);
    }
    fn write_u16(&mut self, value: u16) {
        self.mix(value.into());
    }
    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64);
    }
    fn write_isize(&mut self, value: isize) {
        self.mix(value as u64);
    }
}

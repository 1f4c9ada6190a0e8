//! The tables of docs/rotation.md, a line at a time.

use crate::honest::Scenario;
use crate::measure;
use crate::report;
use crate::rows::{self, Keys};
use crate::thief::Thief;

/// How many users and thefts a cell has, and the seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub users: u64,
    pub thefts: u64,
    pub seed: u64,
}

impl Counts {
    /// Reads the three numbers. A missing one has its default.
    pub fn parse<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut next = |default| words.next().map_or(Some(default), |word| word.parse().ok());
        let (users, thefts, seed) = (next(300)?, next(300)?, next(1)?);
        (words.next().is_none() && users > 0 && thefts > 0).then_some(Self {
            users,
            thefts,
            seed,
        })
    }
}

/// The first line of what is printed: the command.
pub const COMMAND: &str = "<!-- benches/rotation/run ";

/// Simulates, and gives each line to `print`. Returns whether each rule keeps its promises.
pub fn simulate(counts: Counts, print: &mut dyn FnMut(&str)) -> bool {
    let Counts {
        users,
        thefts,
        seed,
    } = counts;
    print(&format!("{COMMAND}{users} {thefts} {seed} -->"));
    print("");

    let (mut is_kept, mut widest) = (true, 0.0_f64);
    report::lost_header().iter().for_each(|line| print(line));
    for candidate in rows::all().filter(|one| one.keys != Keys::Copied) {
        let lost = Scenario::ALL.map(|scenario| measure::honest(candidate, scenario, users, seed));
        print(&report::lost(candidate, &lost));
        for (scenario, lost) in Scenario::ALL.into_iter().zip(lost) {
            widest = widest.max(lost.unlucky().reach());
            if candidate.promises.contains(&scenario) && lost.sessions > 0 {
                eprintln!("{} lost sessions: {scenario:?}, {lost:?}", candidate.name);
                is_kept = false;
            }
        }
    }
    print("");

    report::noticed_header().iter().for_each(|line| print(line));
    for candidate in rows::all() {
        let noticed = Thief::ALL.map(|thief| measure::thefts(candidate, thief, thefts, seed));
        print(&report::noticed(candidate, &noticed));
        widest = noticed
            .iter()
            .fold(widest, |widest, one| widest.max(one.never().reach()));
    }
    print("");
    print(&report::widest(counts, widest));
    print("");
    is_kept
}

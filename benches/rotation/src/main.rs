//! Prints the tables of docs/rotation.md. The exit status is 1 if a rule breaks its own promise.

use std::process::ExitCode;

use rotation::honest::Scenario;
use rotation::measure;
use rotation::report;
use rotation::rules::candidates::ALL;
use rotation::thief::Thief;

fn main() -> ExitCode {
    let (users, thieves, seed) = (number(1, 300), number(2, 300), number(3, 1));
    println!("<!-- benches/rotation/run {users} {thieves} {seed} -->\n");

    report::lost_header();
    let mut is_kept = true;
    for candidate in ALL {
        let lost = Scenario::ALL.map(|scenario| measure::honest(candidate, scenario, users, seed));
        report::lost(candidate, lost);
        for (scenario, lost) in Scenario::ALL.into_iter().zip(lost) {
            if candidate.promises.contains(&scenario) && lost.sessions > 0 {
                eprintln!("{} lost sessions: {scenario:?}, {lost:?}", candidate.name);
                is_kept = false;
            }
        }
    }

    println!();
    report::noticed_header();
    for candidate in ALL {
        let noticed = Thief::ALL.map(|thief| measure::thefts(candidate, thief, thieves, seed));
        report::noticed(candidate, noticed);
    }
    if is_kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Returns the argument at this place.
fn number(place: usize, default: u64) -> u64 {
    std::env::args().nth(place).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{text}: the arguments are users, thieves and the seed"))
    })
}

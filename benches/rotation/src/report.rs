//! Prints the tables.

use crate::honest::Scenario;
use crate::measure::{Lost, Noticed};
use crate::rule::{DAY, HOUR, MINUTE, Millis};
use crate::rules::candidates::Candidate;
use crate::thief::Thief;

pub fn lost_header() {
    row(
        "rule",
        "",
        Scenario::ALL.map(|scenario| scenario.name().to_owned()),
    );
    println!("|---|---|{}", "--:|".repeat(Scenario::ALL.len()));
}

/// Prints the sessions lost in 100,000 days, and the share of users who lost one.
pub fn lost(candidate: &Candidate, all: [Lost; 4]) {
    let cells = all.map(|lost| {
        let share = 100.0 * lost.unlucky as f64 / lost.users as f64;
        format!("{:.0} ({share:.1} %)", lost.rate())
    });
    row(candidate.name, kind(candidate), cells);
}

pub fn noticed_header() {
    row("rule", "", Thief::ALL.map(|thief| thief.name().to_owned()));
    println!("|---|---|{}", "--:|".repeat(Thief::ALL.len()));
}

/// Prints when half and when 95 % of the thefts were noticed, and how many never were.
pub fn noticed(candidate: &Candidate, all: [Noticed; 5]) {
    let cells = all.map(|noticed| {
        let (half, most) = (time(noticed.after(0.5)), time(noticed.after(0.95)));
        format!("{half} / {most} / {:.0} %", 100.0 * noticed.never())
    });
    row(candidate.name, kind(candidate), cells);
}

fn kind(candidate: &Candidate) -> &'static str {
    if candidate.is_driven {
        "driven"
    } else {
        "documented"
    }
}

fn row<const N: usize>(name: &str, kind: &str, cells: [String; N]) {
    println!("| {name} | {kind} | {} |", cells.join(" | "));
}

fn time(after: Option<Millis>) -> String {
    match after {
        None => "never".to_owned(),
        Some(after) if after < 2 * HOUR => format!("{:.0} min", after as f64 / MINUTE as f64),
        Some(after) if after < 2 * DAY => format!("{:.1} h", after as f64 / HOUR as f64),
        Some(after) => format!("{:.1} d", after as f64 / DAY as f64),
    }
}

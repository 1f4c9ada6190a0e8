//! The lines of the tables.

use crate::honest::Scenario;
use crate::measure::{Lost, Noticed};
use crate::rows::Candidate;
use crate::rule::{DAY, HOUR, MINUTE, Millis};
use crate::thief::Thief;

pub fn lost_header() -> [String; 2] {
    header(Scenario::ALL.iter().map(|scenario| scenario.name()))
}

/// The sessions lost in 100,000 days, and the share of users who lost one.
pub fn lost(candidate: &Candidate, all: &[Lost]) -> String {
    let cells = all.iter().map(|lost| {
        let share = 100.0 * lost.unlucky as f64 / lost.users as f64;
        format!("{:.0} ({share:.1} %)", lost.rate())
    });
    row(candidate.name, kind(candidate), cells)
}

pub fn noticed_header() -> [String; 2] {
    header(Thief::ALL.iter().map(|thief| thief.name()))
}

/// When half and when 95 % of the thefts were noticed, and how many never were.
pub fn noticed(candidate: &Candidate, all: &[Noticed]) -> String {
    let cells = all.iter().map(|noticed| {
        let (half, most) = (time(noticed.after(0.5)), time(noticed.after(0.95)));
        format!("{half} / {most} / {:.0} %", 100.0 * noticed.never())
    });
    row(candidate.name, kind(candidate), cells)
}

fn kind(candidate: &Candidate) -> &'static str {
    if candidate.is_driven {
        "driven"
    } else {
        "documented"
    }
}

fn header(columns: impl ExactSizeIterator<Item = &'static str>) -> [String; 2] {
    let rule = format!("|---|---|{}", "--:|".repeat(columns.len()));
    [row("rule", "", columns.map(str::to_owned)), rule]
}

fn row(name: &str, kind: &str, cells: impl Iterator<Item = String>) -> String {
    let cells: Vec<_> = cells.collect();
    format!("| {name} | {kind} | {} |", cells.join(" | "))
}

fn time(after: Option<Millis>) -> String {
    match after {
        None => "never".to_owned(),
        Some(after) if after < 2 * HOUR => format!("{:.0} min", after as f64 / MINUTE as f64),
        Some(after) if after < 2 * DAY => format!("{:.1} h", after as f64 / HOUR as f64),
        Some(after) => format!("{:.1} d", after as f64 / DAY as f64),
    }
}

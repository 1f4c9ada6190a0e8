//! The lines of the tables.

use crate::honest::Scenario;
use crate::interval::Interval;
use crate::measure::{Lost, Noticed};
use crate::rows::Candidate;
use crate::rule::{DAY, HOUR, MINUTE, Millis};
use crate::tables::Counts;
use crate::thief::Thief;

pub fn lost_header() -> [String; 2] {
    header(Scenario::ALL.iter().map(|scenario| scenario.name()))
}

/// The sessions lost in 100,000 days, and the share of users who lost one.
pub fn lost(candidate: &Candidate, all: &[Lost]) -> String {
    let cells = all.iter().map(|lost| {
        let unlucky = lost.unlucky();
        let share = 100.0 * unlucky.share;
        let bounds = bounds(unlucky);
        format!("{:.0} ({share:.1} %{bounds})", lost.rate())
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
        let never = noticed.never();
        let digits = usize::from(never.is_small());
        let (share, bounds) = (100.0 * never.share, bounds(never));
        format!("{half} / {most} / {share:.digits$} %{bounds}")
    });
    row(candidate.name, kind(candidate), cells)
}

/// The intervals of shares that have none beside them.
pub fn widest(counts: Counts, widest: f64) -> String {
    let none = |all| 100.0 * Interval::new(0, all).to;
    format!(
        "Intervals elsewhere (95 %): users 0.0 % below {:.1} %, thefts 0 % below {:.1} %, \
         others ±{:.1} points.",
        none(counts.users),
        none(counts.thefts),
        100.0 * widest,
    )
}

/// The interval of a small share, in per cent.
fn bounds(interval: Interval) -> String {
    if interval.is_small() {
        format!(
            ", {:.1} to {:.1}",
            100.0 * interval.from,
            100.0 * interval.to
        )
    } else {
        String::new()
    }
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

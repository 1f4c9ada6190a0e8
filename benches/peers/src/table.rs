//! [`Table`] prints the rows: `name  ratio  goal  held` or `missed`.

/// The largest or the smallest ratio that is held.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// The row is for comparison. Nothing is promised.
    Told,
}

/// Prints rows as they come, so that a run that is stopped has shown what it knew.
#[derive(Debug)]
pub struct Table {
    /// Only rows whose names begin with one of these are measured; all, if there are none.
    wanted: Vec<String>,
    /// Whether fewer rounds are enough.
    pub is_quick: bool,
}

impl Table {
    /// Reads the arguments: `--quick`, and beginnings of names.
    pub fn from_arguments() -> Self {
        let (flags, wanted): (Vec<_>, Vec<_>) = std::env::args()
            .skip(1)
            .partition(|argument| argument.starts_with("--"));
        Self {
            wanted,
            is_quick: flags.iter().any(|flag| flag == "--quick"),
        }
    }

    /// Returns how often something is repeated.
    pub fn rounds(&self, usual: usize, quick: usize) -> usize {
        if self.is_quick { quick } else { usual }
    }

    /// Returns whether a row is wanted.
    pub fn wants(&self, name: &str) -> bool {
        let mut wanted = self.wanted.iter();
        self.wanted.is_empty()
            || wanted.any(|wanted| name.starts_with(wanted.as_str()) || wanted.starts_with(name))
    }

    /// Measures a row if it is wanted, and prints it.
    pub fn row(&self, name: &str, goal: Goal, ratio: impl FnOnce() -> f64) {
        if self.wants(name) {
            self.print(name, goal, ratio());
        }
    }

    pub fn print(&self, name: &str, goal: Goal, ratio: f64) {
        let (limit, verdict) = match goal {
            Goal::AtMost(limit) => (format!("<={limit}"), held(ratio <= limit)),
            Goal::AtLeast(limit) => (format!(">={limit}"), held(ratio >= limit)),
            Goal::Told => ("-".to_owned(), "told"),
        };
        println!("{name:<40} {ratio:>9.4} {limit:>9}  {verdict}");
    }

    /// Prints why a row is not measured.
    pub fn skip(&self, name: &str, reason: &str) {
        println!("{name:<40} {:>9} {:>9}  skipped: {reason}", "-", "-");
    }
}

fn held(is_held: bool) -> &'static str {
    if is_held { "held" } else { "missed" }
}

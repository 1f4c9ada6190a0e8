//! [`Page`] is a document that quotes the tables.

use crate::tables::{COMMAND, Counts};

#[derive(Debug)]
pub struct Page<'a> {
    lines: Vec<&'a str>,
    /// The line that is compared next.
    next: usize,
    /// Whether the line before was compared. A table has no line that was not printed.
    is_within: bool,
}

/// A line that was printed, and what the page has instead.
#[derive(Debug, PartialEq, Eq)]
pub struct Difference {
    pub printed: String,
    /// The number of the line, and the line, if it is part of a table.
    pub page: Option<(usize, String)>,
}

impl<'a> Page<'a> {
    pub fn new(text: &'a str) -> Self {
        Self {
            lines: text.lines().collect(),
            next: 0,
            is_within: false,
        }
    }

    /// Returns the counts of the command that the page says its tables are from.
    pub fn counts(&self) -> Option<Counts> {
        let line = self.lines.iter().find(|line| line.starts_with(COMMAND))?;
        let numbers = line.strip_prefix(COMMAND)?.strip_suffix(" -->")?;
        Counts::parse(numbers.split(' '))
    }

    /// Compares the next line that is printed. A block of lines may be anywhere after the one
    /// before it, and its lines follow each other, with an empty one behind.
    pub fn compare(&mut self, printed: &str) -> Result<(), Difference> {
        let rest = &self.lines[self.next..];
        let place = if self.is_within {
            (rest.first().copied().unwrap_or_default() == printed).then_some(0)
        } else {
            rest.iter().position(|line| *line == printed)
        };
        if let Some(place) = place {
            self.next = self.lines.len().min(self.next + place + 1);
            self.is_within = !printed.is_empty();
            return Ok(());
        }
        let line = rest.first().filter(|_| self.is_within);
        let page = line.map(|line| (self.next + 1, (*line).to_owned()));
        // Go on with the next row of both. Where one table is longer, the other one waits.
        let are_rows = line.is_some_and(|line| !line.is_empty()) && !printed.is_empty();
        self.next += usize::from(are_rows);
        Err(Difference {
            printed: printed.to_owned(),
            page,
        })
    }
}

//! [`Table`] has a row for each peer, and is printed as Markdown.

use std::fmt;

pub struct Table {
    pub title: &'static str,
    columns: &'static [&'static str],
    rows: Vec<(String, Vec<String>)>,
}

impl Table {
    pub fn new(title: &'static str, columns: &'static [&'static str]) -> Self {
        Self {
            title,
            columns,
            rows: Vec::new(),
        }
    }

    pub fn add(&mut self, peer: &str, cells: Vec<String>) {
        assert_eq!(
            cells.len(),
            self.columns.len(),
            "{peer} in {:?}",
            self.title
        );
        self.rows.push((peer.to_owned(), cells));
    }

    /// The cells of a row.
    pub fn row(&self, peer: &str) -> &[String] {
        let row = self.rows.iter().find(|(name, _)| name == peer);
        &row.expect("the peer was driven").1
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "### {}\n\n| | {} |",
            self.title,
            self.columns.join(" | ")
        )?;
        writeln!(out, "|---|{}", "---|".repeat(self.columns.len()))?;
        for (peer, cells) in &self.rows {
            writeln!(out, "| {peer} | {} |", cells.join(" | "))?;
        }
        Ok(())
    }
}

//! The page has the tables as they are printed.

use crate::scenarios::race;
use crate::table::Table;

const PAGE: &str = include_str!("../../../docs/peers.md");

/// # Panics
///
/// The page lacks a line of these tables. Those of races are not compared, which vary.
pub fn assert_has<'t>(tables: impl Iterator<Item = &'t Table>) {
    for table in tables.filter(|table| table.title != race::TITLE) {
        for line in table.to_string().lines() {
            assert!(
                PAGE.lines().any(|of_page| of_page == line),
                "docs/peers.md lacks {line:?}"
            );
        }
    }
}

//! The page has the tables as they are printed.

use crate::scenarios::race;
use crate::table::Table;

const PAGE: &str = include_str!("../../../docs/peers.md");

/// # Panics
///
/// A table of the page is another one. Those of races are not compared, which vary.
pub fn assert_has<'t>(tables: impl Iterator<Item = &'t Table>) {
    for table in tables.filter(|table| table.title != race::TITLE) {
        let printed = table.to_string();
        assert!(
            PAGE.contains(&format!("\n{printed}\n")),
            "docs/peers.md lacks this table:\n{printed}"
        );
    }
}

//! The rows of this crate are promises: the program fails if one of them has changed.

use crate::report::Report;

/// The name of the row with the defaults.
pub const NAME: &str = "tower-bearer";

/// Cells of that row, table by table.
const EXPECTED: &[&[&str]] = &[
    &["the same refresh token", "goes on", "goes on", "no"],
    &["goes on", "goes on", "goes on", "goes on", "goes on"],
    // Thieves: five minutes before, the same without a call, five seconds after, five minutes.
    &[
        "tokens",
        "a refusal",
        "at once",
        "refused",
        "is out",
        "logged out",
    ],
    &[
        "tokens",
        "tokens",
        "a refresh later",
        "accepted",
        "is out",
        "logged out",
    ],
    &[
        "tokens",
        "tokens",
        "a refresh later",
        "accepted",
        "is out",
        "logged out",
    ],
    &[
        "a refusal",
        "tokens",
        "at once",
        "refused",
        "is out",
        "logged out",
    ],
    &["refused", "refused", "goes on"],
    &["refused", "refused", "refused"],
    &["1", "0", "200 of 200"],
];

/// # Panics
///
/// A row is not as expected.
pub fn assert_rows(report: &Report) {
    let mut count = 0;
    for (table, expected) in report.tables().zip(EXPECTED) {
        assert_eq!(table.row(NAME), *expected, "{table}");
        count += 1;
    }
    assert_eq!(
        (count, report.tables().count()),
        (EXPECTED.len(), EXPECTED.len())
    );
}

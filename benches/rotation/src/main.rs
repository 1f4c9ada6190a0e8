//! Prints the tables of docs/rotation.md, or compares them with the page.

use std::process::ExitCode;

use rotation::check::{Difference, Page};
use rotation::tables::{self, Counts};

const USAGE: &str = "run [USERS [THEFTS [SEED]]], or run --check [DOCUMENT]";
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rotation.md");

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let is_right = match words[..] {
        ["--check"] => check(DOCUMENT),
        ["--check", document] => check(document),
        _ => tables::simulate(
            Counts::parse(words.into_iter()).expect(USAGE),
            &mut |line| println!("{line}"),
        ),
    };
    if is_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Simulates with the command that the document names, and says which lines differ.
fn check(document: &str) -> bool {
    let text = std::fs::read_to_string(document).expect("the document can be read");
    let mut page = Page::new(&text);
    let counts = page
        .counts()
        .expect("the document has the command of its tables");
    let mut is_same = true;
    let is_kept = tables::simulate(counts, &mut |line| {
        if let Err(Difference { printed, page }) = page.compare(line) {
            is_same = false;
            eprintln!("printed: {printed}");
            match page {
                Some((number, line)) => eprintln!("{document}:{number}: {line}"),
                None => eprintln!("{document} has no such line"),
            }
        }
    });
    is_kept && is_same
}

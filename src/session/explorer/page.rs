//! Tests that docs/rotation.md names tests that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const MODULES: &[&str] = &[
    "ending", "faults", "honest", "password", "restored", "revived", "skewed", "tempting",
];

#[test]
fn every_test_that_the_page_of_the_rule_names_is_there_and_every_fault_is_named() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/rotation.md")).unwrap();
    let named: BTreeSet<String> = page
        .split(|end: char| end == '`' || end.is_whitespace())
        .map(|word| word.trim_start_matches("session::explorer::").to_owned())
        .filter(|word| {
            MODULES
                .iter()
                .any(|module| word.starts_with(&format!("{module}::")))
        })
        .collect();
    let all: BTreeSet<String> = MODULES
        .iter()
        .flat_map(|module| tests(root, module))
        .collect();
    let missing: Vec<_> = named.difference(&all).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");

    let is_fault = |test: &&String| test.starts_with("faults::") || test.starts_with("tempting::");
    let untold: Vec<_> = all.difference(&named).filter(is_fault).collect();
    assert!(untold.is_empty(), "the page does not name {untold:?}");
}

/// Returns the tests of a module of the explorer, as the page names them.
fn tests(root: &Path, module: &str) -> Vec<String> {
    let file = root.join(format!("src/session/explorer/{module}.rs"));
    let text = fs::read_to_string(file).unwrap();
    let named = text.split("#[test]\nfn ").skip(1);
    named
        .map(|rest| format!("{module}::{}", rest.split('(').next().unwrap()))
        .collect()
}

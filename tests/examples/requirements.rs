//! `docs/requirements.md` and the tests agree: which numbers there are, and which are built.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn list() -> String {
    fs::read_to_string(root().join("docs/requirements.md")).unwrap()
}

/// The numbers that tests cite.
fn cited() -> BTreeSet<String> {
    let mut numbers = BTreeSet::new();
    for folder in ["src", "tests"] {
        cited_in(&root().join(folder), &mut numbers);
    }
    numbers
}

fn cited_in(folder: &Path, numbers: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            cited_in(&path, numbers);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let comments = text.lines().filter_map(|line| {
                let comment = line.trim().strip_prefix("// requirement")?;
                comment.strip_prefix("s ").or(comment.strip_prefix(' '))
            });
            numbers.extend(comments.flat_map(|list| list.split(", ").map(str::to_owned)));
        }
    }
}

#[test]
fn every_requirement_that_a_test_cites_is_in_the_list() {
    let list = list();
    let numbers = cited();
    assert!(numbers.len() > 50, "{numbers:?}");
    for number in numbers {
        assert!(list.contains(&format!("- **{number}** ")), "{number}");
    }
}

#[test]
fn every_requirement_of_the_list_is_cited_unless_it_says_not_built_or_docs() {
    let list = list();
    let cited = cited();
    for entry in list.split("\n- **").skip(1) {
        let (number, text) = entry.split_once("** ").unwrap();
        if !number.starts_with(|first: char| first.is_ascii_digit()) {
            continue;
        }
        // An entry may have several lines. The last one of a section ends at the next heading.
        let words = text.split("\n#").next().unwrap().split_whitespace();
        let text = words.collect::<Vec<_>>().join(" ");
        let is_for_others = text.contains("Not built") || text.contains("] Docs.");
        assert_ne!(cited.contains(number), is_for_others, "{number}");
    }
}

//! `docs/requirements.md` has every number that a test cites.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = fs::read_to_string(root.join("docs/requirements.md")).unwrap();
    let mut numbers = BTreeSet::new();
    for folder in ["src", "tests"] {
        cited_in(&root.join(folder), &mut numbers);
    }
    assert!(numbers.len() > 50, "{numbers:?}");
    for number in numbers {
        assert!(list.contains(&format!("- **{number}** ")), "{number}");
    }
}

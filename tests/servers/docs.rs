//! The blocks of `docs/stores.md` that operators copy: the tests run them as they are there.

use std::path::Path;

/// Returns the only block in this language in which a text occurs, without its indentation.
pub(crate) fn block(language: &str, text: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/stores.md");
    let document = std::fs::read_to_string(path).unwrap();
    let mut found = Vec::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        let Some(indent) = line.strip_suffix(&format!("```{language}")) else {
            continue;
        };
        let block: Vec<&str> = lines
            .by_ref()
            .take_while(|line| line.trim() != "```")
            .map(|line| line.strip_prefix(indent).unwrap_or(line))
            .collect();
        found.extend(Some(block.join("\n")).filter(|block| block.contains(text)));
    }
    assert_eq!(found.len(), 1, "blocks of {language} with {text:?}");
    found.remove(0)
}

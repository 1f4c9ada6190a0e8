//! What `before.txt` says about the code that the goals begin with.

/// Returns a number of `before.txt`.
pub fn value(name: &str) -> f64 {
    let mut words = include_str!("../before.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '));
    let found = words.find(|(known, _)| *known == name);
    let found = found.and_then(|(_, value)| value.parse().ok());
    found.unwrap_or_else(|| panic!("before.txt has no {name}"))
}

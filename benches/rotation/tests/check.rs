//! A page that quotes the tables is compared with what is printed.

use rotation::check::Page;
use rotation::tables::Counts;

const PAGE: &str = "\
# Page

<!-- benches/rotation/run 1000 500 7 -->

| rule | a |
|---|---|
| one | 1 |
| two | 2 |

Some text.
";

/// Returns what differs, as the line that was printed and the page's.
fn differences(page: &str, printed: &[&str]) -> Vec<(String, String)> {
    let mut page = Page::new(page);
    let compared = printed.iter().map(|line| page.compare(line));
    let found = compared.filter_map(Result::err).map(|difference| {
        let line = difference
            .page
            .map(|(number, line)| format!("{number}: {line}"));
        (difference.printed, line.unwrap_or_default())
    });
    found.collect()
}

const PRINTED: [&str; 7] = [
    "<!-- benches/rotation/run 1000 500 7 -->",
    "",
    "| rule | a |",
    "|---|---|",
    "| one | 1 |",
    "| two | 2 |",
    "",
];

#[test]
fn the_counts_are_those_of_the_page() {
    let counts = Counts {
        users: 1000,
        thefts: 500,
        seed: 7,
    };
    assert_eq!(Page::new(PAGE).counts(), Some(counts));
    assert_eq!(Page::new("no command").counts(), None);
}

#[test]
fn a_page_with_the_printed_lines_is_right() {
    assert_eq!(differences(PAGE, &PRINTED), []);
}

#[test]
fn a_row_that_differs_is_named_and_the_next_one_is_compared() {
    let page = PAGE.replace("| one | 1 |", "| one | 3 |");
    let expected = ("| one | 1 |".to_owned(), "7: | one | 3 |".to_owned());
    assert_eq!(differences(&page, &PRINTED), [expected]);
}

#[test]
fn a_row_that_is_missing_or_too_many_is_named() {
    let missing = PAGE.replace("| two | 2 |\n", "");
    let expected = ("| two | 2 |".to_owned(), "8: ".to_owned());
    assert_eq!(differences(&missing, &PRINTED), [expected]);

    let more = PAGE.replace("| two | 2 |\n", "| two | 2 |\n| three | 3 |\n");
    let expected = (String::new(), "9: | three | 3 |".to_owned());
    assert_eq!(differences(&more, &PRINTED), [expected]);
}

#[test]
fn a_table_that_is_missing_is_named() {
    let page = PAGE.replace("| rule | a |", "| rule | b |");
    assert_eq!(differences(&page, &PRINTED)[0].0, "| rule | a |");
}

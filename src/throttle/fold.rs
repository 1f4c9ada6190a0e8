//! Which typed names mean one account.

/// Returns the lower-case letters and digits of a name, so that `Ann.Lee@example.com` and
/// `annlee@example.com` share their counters. A name that has neither counts as it is.
///
/// Names that are different accounts may share counters. The reverse must not happen: an account
/// with two names has twice the budget.
pub(super) fn fold(name: &str) -> String {
    let lower = name.to_lowercase();
    let folded: String = lower.chars().filter(|c| c.is_alphanumeric()).collect();
    if folded.is_empty() { lower } else { folded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_dots_and_signs_do_not_make_another_account() {
        for name in [
            "annlee",
            "ANN.LEE",
            " ann lee ",
            "Ann-Lee",
            "ann\u{200b}lee",
            "@ann_lee",
        ] {
            assert_eq!(fold(name), "annlee", "{name:?}");
        }
        assert_eq!(fold("JÜRGEN"), fold("jürgen"));
        assert_eq!(
            fold("ΑΣ"),
            fold("ας").replace('ς', "σ").as_str().to_lowercase()
        );
        assert_ne!(fold("ann1"), fold("ann2"));
    }

    #[test]
    fn names_without_letters_and_digits_differ() {
        assert_ne!(fold("***"), fold("!!"));
        assert_eq!(fold(""), "");
    }
}

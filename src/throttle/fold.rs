//! Which typed names mean one account.

/// Returns the lower-case letters and digits of a name, so that `Ann.Lee@example.com` and
/// `annlee@example.com` share their counters. A name that has neither counts as it is.
///
/// Names that are different accounts may share counters. The reverse must not happen: an account
/// with two names has twice the budget.
pub(super) fn fold(name: &str) -> String {
    // Via upper case, because some letters have two forms: both of sigma are one letter.
    let upper = name
        .chars()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase);
    let lower: String = upper.flat_map(char::to_lowercase).collect();
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
        assert_eq!(fold("ΑΣ"), fold("ας"));
        assert_eq!(fold("ΑΣ"), fold("ασ"));
        assert_eq!(fold("STRA\u{1e9e}E"), fold("straße"));
        assert_ne!(fold("ann1"), fold("ann2"));
    }

    #[test]
    fn names_without_letters_and_digits_differ() {
        assert_ne!(fold("***"), fold("!!"));
        assert_eq!(fold(""), "");
    }
}

//! Which typed names mean one account.

use unicode_normalization::UnicodeNormalization;

use crate::shown::is_invisible;

/// Returns the lower-case letters and digits of a name, so that `Ann.Lee@example.com` and
/// `annlee@example.com` share their counters. A name that has neither counts as it is.
///
/// One name may be typed in several ways, such as `é` on macOS and on Windows, or with full-width
/// letters. An application or its database may take them for the same, with Unicode's forms NFC or
/// NFKC (RFC 8265). So letters are taken apart (NFKD), and accents are dropped with all else that
/// is neither a letter nor a digit, and with letters that are not seen. `ø` and `æ`, with a stroke
/// and a ligature, are letters of their own.
///
/// Names that are different accounts may share counters. The reverse must not happen: an account
/// with two names has twice the budget.
pub(super) fn fold(name: &str) -> String {
    // Via upper case, because some letters have two forms: both of sigma are one letter. A letter
    // of the other case may have parts of its own.
    let upper = name
        .nfkd()
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase);
    let lower: String = upper.flat_map(char::to_lowercase).nfkd().collect();
    let is_counted = |c: &char| c.is_alphanumeric() && !is_invisible(*c);
    let folded: String = lower.chars().filter(is_counted).collect();
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
            "ann\u{3164}lee\u{115f}",
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

    /// Of all characters, also those that look alike to a database with the form NFKC.
    #[test]
    fn every_way_to_type_a_name_is_one_account() {
        for (name, typed) in [
            ("jos\u{e9}", "jose\u{301}"),
            ("\u{212b}ngstr\u{f6}m", "a\u{30a}ngstro\u{308}m"),
            ("\u{ff41}nn", "ann"),
            ("\u{fb01}n", "fin"),
            ("\u{d55c}", "\u{1112}\u{1161}\u{11ab}"),
            // Marks in another order.
            ("a\u{323}\u{307}", "a\u{307}\u{323}"),
        ] {
            assert_eq!(fold(name), fold(typed), "{name:?}");
        }
        let letters = (char::MIN..='\u{2ffff}').map(String::from);
        for letter in letters.filter(|letter| !letter.chars().eq(letter.nfkd())) {
            let folded = fold(&letter);
            for form in [
                letter.nfc().collect::<String>(),
                letter.nfd().collect(),
                letter.nfkc().collect(),
                letter.nfkd().collect(),
            ] {
                assert_eq!(fold(&form), folded, "{letter:?}");
            }
        }
    }

    #[test]
    fn names_without_letters_and_digits_differ() {
        assert_ne!(fold("***"), fold("!!"));
        assert_eq!(fold(""), "");
    }
}

//! Text from outside, as a line of the log shows it: escaped, and cut.
//!
//! A name that a user chose could otherwise forge another line, or fill the disk.

use std::borrow::Cow;
use std::fmt::{self, Write};

use http::request::Parts;

/// Shows the first characters of a text. Control characters, and those that an editor or a terminal
/// obeys without showing them, are escaped.
pub(crate) struct Shown<'t>(pub(crate) &'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.chars();
        for char in rest.by_ref().take(MAX_CHARS) {
            let escaped = char.escape_debug();
            if escaped.len() == 1 && is_invisible(char) {
                write!(f, "{}", char.escape_unicode())?;
            } else {
                write!(f, "{escaped}")?;
            }
        }
        if rest.next().is_some() {
            f.write_str(MORE)?;
        }
        Ok(())
    }
}

/// Returns the path of a request: visible ASCII without quotes, and everything else as in a URL.
pub(crate) fn path(parts: &Parts) -> Cow<'_, str> {
    let path = parts.uri.path();
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\"'\\".contains(&byte);
    if path.len() <= MAX_CHARS && path.bytes().all(is_plain) {
        return Cow::Borrowed(path);
    }
    let mut shown = String::with_capacity(MAX_CHARS);
    for byte in path.bytes() {
        if shown.len() >= MAX_CHARS {
            shown.push_str(MORE);
            break;
        }
        if is_plain(byte) {
            shown.push(byte.into());
        } else {
            // Writing to a `String` does not fail.
            let _ = write!(shown, "%{byte:02X}");
        }
    }
    Cow::Owned(shown)
}

/// Returns whether a character has an effect on its neighbours, or none at all, and is not seen:
/// the controls, those of the direction of writing, separators of lines, and the default ignorable
/// code points of Unicode 16 (UAX #44).
pub(crate) fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// So many characters of a text are shown, and so many bytes of a path.
const MAX_CHARS: usize = 200;
const MORE: &str = " and more";

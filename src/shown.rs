//! Text from outside, as a line of the log shows it: escaped, and cut.
//!
//! A name that a user chose, or an error that repeats it, could otherwise forge another line, or
//! fill the disk.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write};
use std::iter::successors;

use http::request::Parts;
use tracing::field::{DisplayValue, display};

/// Shows the first characters of a name. Control characters, and those that an editor or a terminal
/// obeys without showing them, are escaped.
pub(crate) struct Shown<'t>(pub(crate) &'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Escaping::to(f, MAX_CHARS);
        self.0.chars().try_for_each(|char| out.push(char))
    }
}

/// Shows the first characters of a sentence in the same way, and leaves its quotes and backslashes
/// as they are.
pub(crate) struct OneLine<T>(pub(crate) T);

impl<T: fmt::Display> fmt::Display for OneLine<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping::to(f, MAX_CHARS_OF_CAUSE), "{}", self.0)
    }
}

/// Shows an error and its sources. An application, a driver or a provider made them, and they may
/// repeat what a client sent.
pub(crate) struct ShownCause<'e>(pub(crate) &'e (dyn Error + 'static));

impl fmt::Display for ShownCause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Escaping::to(f, MAX_CHARS_OF_CAUSE);
        let errors = successors(Some(self.0), |&error| error.source());
        for (number, error) in errors.take(MAX_ERRORS).enumerate() {
            let separator = if number == 0 { "" } else { ": " };
            write!(out, "{separator}{error}")?;
        }
        Ok(())
    }
}

/// Returns the source of an error, as a field of a line.
pub(crate) fn source<'e>(error: &'e (dyn Error + 'static)) -> Option<DisplayValue<ShownCause<'e>>> {
    error.source().map(|source| display(ShownCause(source)))
}

/// Escapes characters, and writes so many at most.
struct Escaping<'f, 'a> {
    f: &'f mut fmt::Formatter<'a>,
    left: usize,
    is_cut: bool,
}

impl<'f, 'a> Escaping<'f, 'a> {
    fn to(f: &'f mut fmt::Formatter<'a>, left: usize) -> Self {
        Self {
            f,
            left,
            is_cut: false,
        }
    }

    fn push(&mut self, char: char) -> fmt::Result {
        let escaped = char.escape_debug();
        if escaped.len() == 1 && is_invisible(char) {
            let escaped = char.escape_unicode();
            self.put(escaped.len(), escaped)
        } else {
            self.put(escaped.len(), escaped)
        }
    }

    fn put(&mut self, chars: usize, text: impl fmt::Display) -> fmt::Result {
        if self.is_cut {
            return Ok(());
        }
        let Some(left) = self.left.checked_sub(chars) else {
            self.is_cut = true;
            return self.f.write_str(MORE);
        };
        self.left = left;
        write!(self.f, "{text}")
    }
}

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|char| match char {
            '"' | '\'' | '\\' => self.put(1, char),
            _ => self.push(char),
        })
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
/// Long enough for the list of an issuer's keys that cannot be used.
const MAX_CHARS_OF_CAUSE: usize = 2000;
const MAX_ERRORS: usize = 8;
const MORE: &str = " and more";

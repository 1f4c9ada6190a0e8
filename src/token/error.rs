//! [`VerifyError`] says why a token was refused.

use std::fmt;

use super::error_kind::VerifyErrorKind;
use super::json::Json;
use crate::clock::Timestamp;

/// The reason for which a token was refused.
///
/// Its text is for the log: it says what was expected and what the token has. It never shows the
/// token, and it shows its claims only if the signature is valid. Only `typ`, `alg`, `kid` and
/// `iss`, and the names of claims, are shown before that. Values are escaped, and cut after 200
/// characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    kind: VerifyErrorKind,
    detail: Detail,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Detail {
    None,
    Text(Box<str>),
    /// A time that the token has, and the time of the check. Expired tokens come with every login
    /// that ends, so their text is only written for a log that shows it.
    Times(Timestamp, Timestamp),
}

impl VerifyError {
    /// Makes an error that also says what was expected, and what the token has.
    pub(super) fn new(kind: VerifyErrorKind, detail: impl Into<Box<str>>) -> Self {
        Self {
            kind,
            detail: Detail::Text(detail.into()),
        }
    }

    /// Makes an error that also says what time the token has, and what time it was.
    pub(super) fn at(kind: VerifyErrorKind, moment: Timestamp, now: Timestamp) -> Self {
        Self {
            kind,
            detail: Detail::Times(moment, now),
        }
    }

    /// Returns the reason.
    #[must_use]
    pub fn kind(&self) -> VerifyErrorKind {
        self.kind
    }
}

impl From<VerifyErrorKind> for VerifyError {
    fn from(kind: VerifyErrorKind) -> Self {
        Self {
            kind,
            detail: Detail::None,
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.sentence())?;
        match &self.detail {
            Detail::Text(detail) => write!(f, ": {detail}"),
            Detail::Times(moment, now) => {
                let (moment, now) = (moment.as_secs(), now.as_secs());
                write!(f, ": {moment}, and now it is {now}")
            }
            Detail::None => Ok(()),
        }
    }
}

impl std::error::Error for VerifyError {}

/// Shows a value of a token in a log line: escaped, and not all of a long one.
pub(super) fn shown(value: &str) -> String {
    match value.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{:?} and more", &value[..end]),
        None => format!("{value:?}"),
    }
}

/// Shows the first values of a list.
pub(super) fn list<'v>(values: impl IntoIterator<Item = &'v str>) -> String {
    let values: Vec<String> = values.into_iter().take(MOST_LISTED).map(shown).collect();
    values.join(", ")
}

/// Shows a value as JSON, which has quotes of its own: only the rest is escaped.
pub(super) fn shown_json(value: &Json<'_>) -> String {
    let json = value.to_value().to_string();
    let mut shown = String::new();
    for char in json.chars().take(MOST_JSON) {
        match char {
            '"' | '\\' | '\'' => shown.push(char),
            _ => shown.extend(char.escape_debug()),
        }
    }
    if json.chars().nth(MOST_JSON).is_some() {
        shown.push_str(" and more");
    }
    shown
}

const MOST_SHOWN: usize = 200;
const MOST_LISTED: usize = 10;
const MOST_JSON: usize = 200;

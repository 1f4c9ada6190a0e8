//! [`VerifyError`] says why a token was refused.

use std::fmt;

use serde_json::Value;

use super::error_kind::VerifyErrorKind;

/// The reason for which a token was refused.
///
/// Its text is for the log: it says what was expected and what the token has. It never shows the
/// token, and it shows its claims only if the signature is valid. Only `typ`, `alg`, `kid` and
/// `iss`, and the names of claims, are shown before that. Values are escaped, and cut after 200
/// characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    kind: VerifyErrorKind,
    detail: Option<Box<str>>,
}

impl VerifyError {
    /// Makes an error that also says what was expected, and what the token has.
    pub(super) fn new(kind: VerifyErrorKind, detail: impl Into<Box<str>>) -> Self {
        Self {
            kind,
            detail: Some(detail.into()),
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
        Self { kind, detail: None }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.sentence())?;
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
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
pub(super) fn shown_json(value: &Value) -> String {
    let json = value.to_string();
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

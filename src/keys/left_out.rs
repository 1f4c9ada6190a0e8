//! [`LeftOut`] is a key of a set that cannot be used, and why.

use std::fmt;

use crate::error::ConfigError;

/// A key of a set that is left out.
#[derive(Clone)]
pub(crate) struct LeftOut {
    /// The position in the set.
    pub(crate) index: usize,
    /// The name, unless it is too long to be kept.
    pub(crate) kid: Option<Box<str>>,
    pub(crate) reason: ConfigError,
    /// Whether it is for something else, so that only a token with its own name means it.
    pub(crate) signs_nothing: bool,
}

impl LeftOut {
    pub(crate) fn new(index: usize, kid: Option<&str>, reason: ConfigError) -> Self {
        Self {
            index,
            kid: kid.filter(|kid| kid.len() <= MAX_KID_BYTES).map(Into::into),
            reason,
            signs_nothing: false,
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kid {
            Some(kid) => write!(f, "the key with the kid {kid:?} is left out: ")?,
            None => write!(f, "key {} of the set is left out: ", self.index)?,
        }
        fmt::Display::fmt(&self.reason, f)
    }
}

/// Writes the reasons in one line, but not more than a log can hold.
pub(crate) fn list(left_out: &[LeftOut]) -> String {
    let shown: Vec<String> = left_out
        .iter()
        .take(MOST_SHOWN)
        .map(ToString::to_string)
        .collect();
    let more = left_out.len() - shown.len();
    let more = if more == 0 {
        String::new()
    } else {
        format!("; and {more} more")
    };
    format!("{}{more}", shown.join("; "))
}

/// Returns whether the same keys are left out for the same reasons, at whatever positions.
pub(crate) fn are_same(these: &[LeftOut], others: &[LeftOut]) -> bool {
    let sorted = |all: &[LeftOut]| {
        let mut all: Vec<_> = all
            .iter()
            .map(|key| (key.kid.clone(), key.reason.to_string()))
            .collect();
        all.sort();
        all
    };
    these.len() == others.len() && sorted(these) == sorted(others)
}

const MAX_KID_BYTES: usize = 200;
const MOST_SHOWN: usize = 10;
/// The most keys that a set remembers as left out.
pub(crate) const MAX_LEFT_OUT: usize = 100;

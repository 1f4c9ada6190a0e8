//! [`ConfigError`], a mistake at start-up, and [`BoxError`], a cause that the application gave us.

use std::borrow::Cow;
use std::fmt;

/// Any error of the application: of its user loader, its credentials check, its store.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A mistake in the configuration, found at start-up. Its text is a sentence that names the cure.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError(Cow<'static, str>);

impl ConfigError {
    pub(crate) const fn from_static(sentence: &'static str) -> Self {
        Self(Cow::Borrowed(sentence))
    }

    pub(crate) fn new(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The sentence too: this is what a `main` that returns the error prints.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

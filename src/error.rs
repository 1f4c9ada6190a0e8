//! [`ConfigError`], a mistake at start-up, and [`BoxError`], a cause that the application gave us.

use std::borrow::Cow;
use std::fmt;

/// Any error of the application: of its user loader, its credentials check, its store.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One or more mistakes in the configuration, found at start-up. Each is a sentence that names the
/// cure.
///
/// A builder checks all of its settings before it fails, so one error names everything that is
/// wrong, a line each.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError {
    sentence: Cow<'static, str>,
    more: Vec<Cow<'static, str>>,
}

impl ConfigError {
    pub(crate) const fn from_static(sentence: &'static str) -> Self {
        Self {
            sentence: Cow::Borrowed(sentence),
            more: Vec::new(),
        }
    }

    pub(crate) fn new(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self {
            sentence: sentence.into(),
            more: Vec::new(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.more.is_empty() {
            return f.write_str(&self.sentence);
        }
        write!(f, "{} settings are wrong:", self.more.len() + 1)?;
        for sentence in std::iter::once(&self.sentence).chain(&self.more) {
            write!(f, "\n- {sentence}")?;
        }
        Ok(())
    }
}

/// The sentences too: this is what a `main` that returns the error prints.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigError {}

/// Collects the wrong settings of a builder, so that its `build()` returns one error that lists
/// them all.
#[derive(Clone, Debug, Default)]
#[must_use]
pub(crate) struct Problems {
    error: Option<ConfigError>,
}

impl Problems {
    /// Keeps the error, or gives the value back.
    pub(crate) fn note<T>(&mut self, outcome: Result<T, ConfigError>) -> Option<T> {
        match (outcome, &mut self.error) {
            (Ok(value), _) => return Some(value),
            (Err(error), None) => self.error = Some(error),
            (Err(error), Some(known)) => {
                known.more.push(error.sentence);
                known.more.extend(error.more);
            }
        }
        None
    }

    /// # Errors
    ///
    /// All that was noted, in that order.
    pub(crate) fn finish(self) -> Result<(), ConfigError> {
        self.error.map_or(Ok(()), Err)
    }

    /// Makes something of the values that [`note`](Self::note) gave back, if it noted nothing.
    ///
    /// # Errors
    ///
    /// All that was noted, in that order.
    pub(crate) fn finish_with<T>(self, make: impl FnOnce() -> Option<T>) -> Result<T, ConfigError> {
        self.finish()?;
        make().ok_or(ConfigError::from_static("a setting is missing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_error_lists_all_problems_in_order() {
        let mut problems = Problems::default();
        assert_eq!(problems.note(Ok(7)), Some(7));
        assert_eq!(problems.clone().finish(), Ok(()));

        let first = problems.note::<()>(Err(ConfigError::from_static("one is wrong")));
        assert_eq!(first, None);
        let error = problems.clone().finish().unwrap_err();
        assert_eq!(error.to_string(), "one is wrong");

        let mut inner = Problems::default();
        inner.note::<()>(Err(ConfigError::from_static("two is wrong")));
        inner.note::<()>(Err(ConfigError::from_static("three is wrong")));
        problems.note(inner.finish());
        let error = problems.finish().unwrap_err();
        assert_eq!(
            format!("{error:?}"),
            "3 settings are wrong:\n- one is wrong\n- two is wrong\n- three is wrong"
        );
    }
}

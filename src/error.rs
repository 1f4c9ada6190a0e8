//! [`ConfigError`] is a misconfiguration at start-up, and [`BoxError`] an error of the application.

use std::borrow::Cow;
use std::fmt;

/// Any error of the application, from its user loader, its check of credentials or its store.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// One or more wrong settings, found at start-up. Each is described by a sentence that says how to
/// fix it.
///
/// A builder checks all of its settings before it fails, so one error lists everything that is
/// wrong, with one line for each setting.
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

/// Shows the same sentences as `Display`: a `main` that returns the error prints its `Debug`.
impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigError {}

/// The source of an error that a flood of requests meets. Where it is noticed the log has a line
/// once a minute, so other places log it at DEBUG only.
#[derive(Debug)]
pub(crate) struct Busy;

impl Busy {
    /// Returns whether an error comes from this one.
    pub(crate) fn is_source_of(error: &(dyn std::error::Error + 'static)) -> bool {
        let mut errors = std::iter::successors(Some(error), |&error| error.source());
        errors.any(<dyn std::error::Error>::is::<Self>)
    }
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue is full")
    }
}

impl std::error::Error for Busy {}

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
    /// All errors that were noted, in that order.
    pub(crate) fn finish(self) -> Result<(), ConfigError> {
        self.error.map_or(Ok(()), Err)
    }

    /// Builds a value from those that [`note`](Self::note) gave back, if no error was noted.
    ///
    /// # Errors
    ///
    /// All errors that were noted, in that order.
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

//! [`StoreError`].

use std::fmt;

use crate::error::BoxError;
use crate::limits::TimedOut;

/// The store could not say whether it did what it was asked for.
#[derive(Debug)]
pub struct StoreError {
    store: &'static str,
    source: BoxError,
}

impl StoreError {
    /// For stores: `store` names the kind of store, `source` is what went wrong.
    pub fn new(store: &'static str, source: impl Into<BoxError>) -> Self {
        Self { store, source: source.into() }
    }
}

impl From<TimedOut> for StoreError {
    fn from(timed_out: TimedOut) -> Self {
        Self::new("slow", timed_out)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} session store failed", self.store)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}

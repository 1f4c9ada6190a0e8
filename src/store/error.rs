//! [`StoreError`].

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::error::BoxError;
use crate::limits::TimedOut;

/// The store could not say whether it did what it was asked for.
///
/// It says in one sentence which store failed, where it is, and why. A URL's password is never part
/// of it. [`cause`](Self::cause) is the error of the driver.
pub struct StoreError {
    /// `None`: the caller gave up, and knows no store by its kind.
    store: Option<&'static str>,
    place: Option<Arc<str>>,
    cause: BoxError,
}

impl StoreError {
    /// For stores: `store` names the kind of store, such as `PostgreSQL`; `cause` is what went
    /// wrong.
    pub fn new(store: &'static str, cause: impl Into<BoxError>) -> Self {
        Self {
            store: Some(store),
            place: None,
            cause: cause.into(),
        }
    }

    /// For stores: where the store is, such as a file, or a host and a port. Without a password.
    #[must_use]
    pub fn at(mut self, place: impl Into<Arc<str>>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// What went wrong: for example an error of `sqlx`, to be downcast.
    #[must_use]
    pub fn cause(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.cause
    }
}

impl From<TimedOut> for StoreError {
    fn from(timed_out: TimedOut) -> Self {
        Self {
            store: None,
            place: None,
            cause: timed_out.into(),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            store,
            place,
            cause,
        } = self;
        f.write_str("the ")?;
        store.iter().try_for_each(|store| write!(f, "{store} "))?;
        f.write_str("session store failed")?;
        place
            .iter()
            .try_for_each(|place| write!(f, " at {place}"))?;
        write!(f, ": {cause}")
    }
}

/// The sentence too: this is what a `main` that returns the error prints.
impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The sentence has the cause in it, so the source is what lies behind the cause.
impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

//! [`StoreError`] is the error of a store.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::error::BoxError;
use crate::limits::TimedOut;

/// A store failed, and it is unknown whether the call had an effect.
///
/// The error says in one sentence which store failed, where it is, and why. It never has the
/// password of a URL. [`cause`](Self::cause) is the error of the driver.
///
/// Clones share the cause, as calls that share a commit fail together.
#[derive(Clone)]
pub struct StoreError {
    /// The kind of store. It is `None` if the caller gave up, who does not know the kind.
    store: Option<&'static str>,
    place: Option<Arc<str>>,
    cause: Arc<dyn Error + Send + Sync>,
}

impl StoreError {
    /// Makes an error. It is for stores: `store` names the kind of store, such as `PostgreSQL`, and
    /// `cause` says what went wrong.
    pub fn new(store: &'static str, cause: impl Into<BoxError>) -> Self {
        Self {
            store: Some(store),
            place: None,
            cause: cause.into().into(),
        }
    }

    /// Adds where the store is, such as a file, or a host and a port. It is for stores, and must
    /// not have a password.
    #[must_use]
    pub fn at(mut self, place: impl Into<Arc<str>>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Returns what went wrong, such as an error of `sqlx`, which can be downcast.
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
            cause: Arc::new(timed_out),
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

/// Shows the same sentence as `Display`: a `main` that returns the error prints its `Debug`.
impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The sentence includes the cause, so the source is that of the cause.
impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

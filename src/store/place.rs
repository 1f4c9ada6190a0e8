//! [`Place`] says which store an error comes from.

use std::sync::Arc;
use std::time::Duration;

use super::error::StoreError;
use crate::error::BoxError;

/// The kind of a store and where it is, as its errors say.
#[derive(Clone, Debug)]
pub(super) struct Place {
    store: &'static str,
    place: Arc<str>,
}

impl Place {
    /// Makes a place. `place` must not have a password in it.
    pub(super) fn new(store: &'static str, place: impl Into<Arc<str>>) -> Self {
        Self {
            store,
            place: place.into(),
        }
    }

    pub(super) fn failed(&self, cause: impl Into<BoxError>) -> StoreError {
        StoreError::new(self.store, cause).at(Arc::clone(&self.place))
    }
}

/// Adds the store to an error.
pub(super) trait FailedAt<T> {
    fn failed_at(self, place: &Place) -> Result<T, StoreError>;
}

impl<T, E: Into<BoxError>> FailedAt<T> for Result<T, E> {
    fn failed_at(self, place: &Place) -> Result<T, StoreError> {
        self.map_err(|cause| place.failed(cause))
    }
}

/// The time in which a store tries to open its file or to reach its host, before it says why it
/// cannot.
pub(super) const OPEN_DEADLINE: Duration = Duration::from_secs(4);

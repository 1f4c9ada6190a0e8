//! [`Place`]: which store an error comes from.

use std::sync::Arc;
use std::time::Duration;

use super::error::StoreError;
use crate::error::BoxError;

/// Which store this is, and where: what its errors say.
#[derive(Clone, Debug)]
pub(super) struct Place {
    store: &'static str,
    place: Arc<str>,
}

impl Place {
    /// `place` has no password in it.
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

/// Names the store whose error this is.
pub(super) trait FailedAt<T> {
    fn failed_at(self, place: &Place) -> Result<T, StoreError>;
}

impl<T, E: Into<BoxError>> FailedAt<T> for Result<T, E> {
    fn failed_at(self, place: &Place) -> Result<T, StoreError> {
        self.map_err(|cause| place.failed(cause))
    }
}

/// How long a store may try to reach its file or its host, before it says why it cannot.
pub(super) const OPEN_DEADLINE: Duration = Duration::from_secs(4);

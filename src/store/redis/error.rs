//! Errors of this store.

use crate::error::BoxError;
use crate::store::error::StoreError;

pub(super) fn failed(source: impl Into<BoxError>) -> StoreError {
    StoreError::new("Redis", source)
}

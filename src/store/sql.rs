//! What both SQL stores say of numbers and bytes.

use crate::clock::Timestamp;
use crate::error::BoxError;

/// `Timestamp` never exceeds an `i64`.
pub(super) fn millis(timestamp: Timestamp) -> i64 {
    i64::try_from(timestamp.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn revision(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

pub(super) fn array(bytes: Vec<u8>) -> Result<[u8; 16], BoxError> {
    bytes.try_into().map_err(|_| "a column that has 16 bytes has another length".into())
}

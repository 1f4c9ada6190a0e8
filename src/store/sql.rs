//! What both SQL stores say of numbers and bytes.

use std::time::Duration;

use super::Revoked;
use crate::clock::Timestamp;
use crate::error::BoxError;

/// `Timestamp` never exceeds an `i64`.
pub(super) fn millis(timestamp: Timestamp) -> i64 {
    i64::try_from(timestamp.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn timestamp(millis: i64) -> Result<Timestamp, BoxError> {
    Ok(Timestamp::from_millis(millis.try_into()?))
}

/// The time decides, as in every statement: somebody may have revoked by hand, without a reason.
pub(super) fn revoked(because: Option<&str>, at: Option<i64>) -> Result<Option<(Revoked, Timestamp)>, BoxError> {
    at.map(|at| Ok((because.map_or(Revoked::Other, Revoked::from), timestamp(at)?))).transpose()
}

/// What is not yet is new.
pub(super) fn age(millis: i64) -> Duration {
    Duration::from_millis(millis.try_into().unwrap_or(0))
}

pub(super) fn revision(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

pub(super) fn array(bytes: Vec<u8>) -> Result<[u8; 16], BoxError> {
    bytes.try_into().map_err(|_| "a column that has 16 bytes has another length".into())
}

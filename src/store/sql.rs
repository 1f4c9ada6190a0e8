//! What both SQL stores say of a row: its columns, in one order, as numbers and bytes that both databases have.
//!
//! Macros, because the types of their drivers share no trait that would be shorter.

use std::time::Duration;

use super::revocation_reason::{RevocationReason, RevocationRecord};
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
pub(super) fn revoked(because: Option<&str>, at: Option<i64>) -> Result<Option<RevocationRecord>, BoxError> {
    let reason = because.map_or(RevocationReason::Other, RevocationReason::from);
    at.map(|at| Ok(reason.at(timestamp(at)?))).transpose()
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

/// A query with all that `insert` writes, the id first.
macro_rules! bind_row {
    ($query:expr, $id:expr, $row:expr) => {
        $query
            .bind($id)
            .bind($row.subject.as_str())
            .bind($row.device.as_deref())
            .bind(millis($row.created_at))
            .bind(millis($row.expires_at))
            .bind($row.stamp.map(Vec::from))
            .bind($row.receipts)
            .bind(i64::from($row.generation))
            .bind($row.rotated_at.map(millis))
            .bind($row.confirmed)
            .bind(i16::from($row.recoveries))
            .bind($row.recovered)
            .bind($row.retry_key.map(Vec::from))
            .bind(revision($row.revision))
            .bind($row.revoked.map(|record| record.reason.as_str()))
            .bind($row.revoked.map(|record| millis(record.at)))
    };
}
pub(super) use bind_row;

/// A query with all that `replace` writes, and the id last.
macro_rules! bind_changes {
    ($query:expr, $id:expr, $next:expr) => {
        $query
            .bind(i64::from($next.generation))
            .bind($next.rotated_at.map(millis))
            .bind($next.confirmed)
            .bind(i16::from($next.recoveries))
            .bind($next.recovered)
            .bind($next.retry_key.map(Vec::from))
            .bind(revision($next.revision))
            .bind($id)
    };
}
pub(super) use bind_changes;

/// The session of a row.
macro_rules! read_row {
    ($row:expr, $id:expr) => {{
        let bytes =
            |column| -> Result<Option<[u8; 16]>, BoxError> { $row.try_get::<Option<Vec<u8>>, _>(column)?.map(array).transpose() };
        Session::from_parts(SessionParts {
            id: $id,
            subject: $row.try_get::<String, _>("subject")?.into(),
            device: $row.try_get("device")?,
            created_at: timestamp($row.try_get("created_at")?)?,
            expires_at: timestamp($row.try_get("expires_at")?)?,
            stamp: bytes("stamp")?,
            receipts: $row.try_get("receipts")?,
            generation: $row.try_get::<i64, _>("generation")?.try_into()?,
            rotated_at: $row.try_get::<Option<i64>, _>("rotated_at")?.map(timestamp).transpose()?,
            confirmed: $row.try_get("confirmed")?,
            recoveries: $row.try_get::<i16, _>("recoveries")?.try_into()?,
            recovered: $row.try_get("recovered")?,
            retry_key: bytes("retry_key")?,
            revision: $row.try_get::<i64, _>("revision")?.try_into()?,
            revoked: revoked($row.try_get("revoked_because")?, $row.try_get("revoked_at")?)?,
        })
    }};
}
pub(super) use read_row;

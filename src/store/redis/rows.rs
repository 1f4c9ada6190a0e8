//! Reads, confirms and revokes many rows, several in each round trip.

use redis::Pipeline;

use super::connection::Connection;
use super::link::Link;
use super::pipeline::{AT_ONCE, all};
use super::prefix::KeyPrefix;
use super::statements::{Call, REPLACE, REVOKE, call_all};
use super::{changes, head, row};
use crate::error::BoxError;
use crate::limits::REVOCATION_RETENTION;
use crate::names::SessionId;
use crate::revocation::Receipt;
use crate::store::revocation_reason::RevocationRecord;
use crate::store::session::Session;

/// Returns those of the sessions that exist.
pub(super) async fn find_each(
    link: &mut Link,
    prefix: &KeyPrefix,
    ids: &[SessionId],
) -> Result<Vec<Session>, BoxError> {
    let mut sessions = Vec::with_capacity(ids.len());
    for ids in ids.chunks(AT_ONCE) {
        let rows: Vec<Option<Vec<u8>>> = read(prefix, ids).query_async(link).await?;
        for (id, row) in ids.iter().zip(rows) {
            sessions.extend(row.map(|row| row::decode(*id, &row)).transpose()?);
        }
    }
    Ok(sessions)
}

/// Confirms the sessions whose generation was received: reads all rows, and writes those that are
/// not confirmed by compare-and-swap. Those that another writer changed in between are read again.
pub(super) async fn confirm_each(
    connection: &Connection,
    prefix: &KeyPrefix,
    receipts: &[Receipt],
) -> Result<(), BoxError> {
    let (mut left, mut failed) = (receipts.to_vec(), None);
    while !left.is_empty() {
        let ids: Vec<SessionId> = left.iter().map(|receipt| receipt.id).collect();
        let mut connection = connection.primary()?;
        let rows: Vec<Option<Vec<u8>>> = read(prefix, &ids).query_async(&mut connection).await?;
        let (mut tried, mut calls) = (Vec::new(), Vec::new());
        for (receipt, row) in left.into_iter().zip(rows) {
            let row = match row.map(|row| row::decode(receipt.id, &row)).transpose() {
                Ok(row) => row,
                // A row that a later version wrote must not hold back the others.
                Err(error) => {
                    failed.get_or_insert(error);
                    continue;
                }
            };
            let revision = row.as_ref().map_or(0, |row| row.parts().revision);
            if let Some(next) = row.and_then(|row| row.after_confirm(receipt.generation)) {
                let (next, key) = (next.parts(), prefix.row(&receipt.id));
                let expected = changes::encode_revision(revision);
                let args = vec![expected, changes::encode(next, next.revision)?];
                calls.push(Call { key, args });
                tried.push(receipt);
            }
        }
        let written: Vec<bool> = call_all(&mut connection, &REPLACE, &calls).await?;
        let lost = tried.into_iter().zip(written);
        left = lost
            .filter_map(|(receipt, written)| (!written).then_some(receipt))
            .collect();
    }
    failed.map_or(Ok(()), Err)
}

/// Writes the record into the rows of the live ones of these sessions, and returns what the rows
/// were.
pub(super) async fn end_each(
    link: &mut Link,
    prefix: &KeyPrefix,
    ids: &[SessionId],
    record: RevocationRecord,
) -> Result<Vec<Session>, BoxError> {
    let call = |id: &SessionId| Call {
        key: prefix.row(id),
        args: vec![
            vec![head::head(record.reason)],
            record.at.as_millis().to_be_bytes().to_vec(),
            REVOCATION_RETENTION.as_millis().to_string().into_bytes(),
        ],
    };
    let calls: Vec<Call> = ids.iter().map(call).collect();
    let rows: Vec<Option<Vec<u8>>> = call_all(link, &REVOKE, &calls).await?;
    let mut revoked = Vec::new();
    for (id, row) in ids.iter().zip(rows) {
        revoked.extend(row.map(|row| row::decode(*id, &row)).transpose()?);
    }
    Ok(revoked)
}

/// Reads the rows of these sessions, with one command for each, because they are in different
/// slots.
pub(super) fn read(prefix: &KeyPrefix, ids: &[SessionId]) -> Pipeline {
    all(ids.iter().map(|id| {
        let mut read = redis::cmd("GET");
        read.arg(prefix.row(id));
        read
    }))
}

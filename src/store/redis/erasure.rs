//! Does the work of `erase`.

use super::connection::Connection;
use super::index::Index;
use super::pipeline::AT_ONCE;
use super::prefix::KeyPrefix;
use super::row;
use super::rows::read;
use super::statements::{Call, DELETE, call_all};
use crate::error::BoxError;
use crate::names::SessionId;
use crate::store::selection::SessionSelection;

/// Deletes the revoked rows of a selection, then their members of the index, and returns how many
/// rows. A revoked row never changes, so it is still as it was read.
pub(super) async fn erase(
    connection: &Connection,
    prefix: &KeyPrefix,
    index: &Index,
    selection: &SessionSelection,
) -> Result<u64, BoxError> {
    let (mut walk, mut erased) = (index.walk(selection.subject()).await?, 0);
    while let Some(candidates) = walk.next().await? {
        for ids in candidates.chunks(AT_ONCE) {
            erased += erase_each(connection, prefix, index, selection, ids).await?;
        }
    }
    Ok(erased)
}

/// Erases some sessions, if they are those of the selection.
async fn erase_each(
    connection: &Connection,
    prefix: &KeyPrefix,
    index: &Index,
    selection: &SessionSelection,
    ids: &[SessionId],
) -> Result<u64, BoxError> {
    let rows: Vec<Option<Vec<u8>>> = read(prefix, ids)
        .query_async(&mut connection.primary()?)
        .await?;
    let (mut calls, mut gone) = (Vec::new(), Vec::<SessionId>::new());
    for (id, row) in ids.iter().zip(rows) {
        // A member without a row may be that of a login that is under way.
        let Some(row) = row else { continue };
        let session = row::decode(*id, &row)?;
        if session.revoked().is_some() && selection.matches(&session) {
            calls.push(Call {
                key: prefix.row(id),
                args: vec![row],
            });
            gone.push(*id);
        }
    }
    if gone.is_empty() {
        return Ok(0);
    }
    let bucket = index.bucket(selection.subject()).await?;
    let deleted: Vec<u64> = call_all(&mut connection.primary()?, &DELETE, &calls).await?;
    bucket
        .remove(&gone)
        .exec_async(&mut connection.primary()?)
        .await?;
    Ok(deleted.into_iter().sum())
}

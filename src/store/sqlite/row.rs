//! Reads the answers of SQLite as sessions and pages.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::names::SessionId;
use crate::revocation::Revocation;
use crate::store::feed::{Cursor, RevocationPage};
use crate::store::more::More;
use crate::store::session::Session;
use crate::store::session_owner::SessionOwner;
use crate::store::session_parts::SessionParts;
use crate::store::sql::*;

pub(super) fn read(row: &SqliteRow) -> Result<Session, BoxError> {
    Ok(read_row!(
        row,
        SessionId::from_bytes(array(row.try_get("id")?)?)
    ))
}

/// Reads a page that has at most `at_most` entries.
pub(super) fn page(seen: i64, at_most: usize, row: &SqliteRow) -> Result<RevocationPage, BoxError> {
    let (last, count): (i64, i64) = (row.try_get("last")?, row.try_get("count")?);
    let more = usize::try_from(count)? >= at_most;
    let reached = if more { row.try_get("reached")? } else { last };
    let entries: &str = row.try_get::<Option<_>, _>("entries")?.unwrap_or_default();
    let entries = entries.split(',').filter(|entry| !entry.is_empty());
    let mut page = RevocationPage::new(
        entries.map(revocation).collect::<Result<_, _>>()?,
        Cursor::new(reached.to_string()),
    );
    (page.complete, page.more) = (seen == 0 || seen > last, more);
    Ok(page)
}

/// Reads an entry of the feed: the id in hexadecimal, and its age in milliseconds.
fn revocation(entry: &str) -> Result<Revocation, BoxError> {
    let (id, milliseconds) = entry.split_once(' ').ok_or("an entry has no age")?;
    if id.len() != 32 {
        return Err("an id of the feed has another length".into());
    }
    let id = u128::from_str_radix(id, 16)?.to_be_bytes();
    let milliseconds = milliseconds.parse()?;
    Ok(Revocation::new(
        SessionId::from_bytes(id),
        age(milliseconds),
    ))
}

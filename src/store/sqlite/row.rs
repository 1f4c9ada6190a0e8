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

pub(super) fn page(seen: i64, rows: &[SqliteRow]) -> Result<RevocationPage, BoxError> {
    // The first row has the last number. It exists even if there is no revocation.
    let last: i64 = rows.first().map_or(Ok(seen), |row| row.try_get("last"))?;
    let mut page = RevocationPage::new(
        Vec::with_capacity(rows.len()),
        Cursor::new(last.to_string()),
    );
    page.complete = seen == 0 || seen > last;
    for row in rows {
        if let Some(id) = row.try_get::<Option<Vec<u8>>, _>("session_id")? {
            page.revoked.push(Revocation::new(
                SessionId::from_bytes(array(id)?),
                age(row.try_get("age")?),
            ));
        }
    }
    Ok(page)
}

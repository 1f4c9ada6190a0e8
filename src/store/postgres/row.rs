//! Reads the answers of PostgreSQL as sessions and pages.

use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Uuid;

use super::feed_place::FeedPlace;
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::names::SessionId;
use crate::revocation::Revocation;
use crate::store::feed::{Cursor, REVOCATIONS_AT_ONCE, RevocationPage};
use crate::store::more::More;
use crate::store::session::Session;
use crate::store::session_owner::SessionOwner;
use crate::store::session_parts::SessionParts;
use crate::store::sql::*;

/// Reads a page. `place` is where it was continued, or `None` at the beginning.
pub(super) fn page(row: &PgRow, place: Option<&FeedPlace>) -> Result<RevocationPage, BoxError> {
    refuse_standby(row)?;
    let (ids, times): (Vec<Uuid>, Vec<i64>) = (row.try_get("ids")?, row.try_get("times")?);
    let now = row.try_get("now")?;
    let more = (ids.len() >= REVOCATIONS_AT_ONCE).then(|| ids.last().copied());
    let next = FeedPlace::after(row, place, more.flatten())?;
    let revocation = |(id, entered_at)| {
        Revocation::new(session_id(id), age(i64::saturating_sub(now, entered_at)))
    };
    let revoked = ids.into_iter().zip(times).map(revocation).collect();
    let mut page = RevocationPage::new(revoked, Cursor::new(next.to_string()));
    (page.complete, page.more) = (place.is_none(), more.is_some());
    page.store_time = Some(timestamp(now)?);
    Ok(page)
}

/// Refuses a standby. After a failover the old primary may come back as a standby, and the pool's
/// host name may still lead to it. Changes that it has not received yet would look like unknown
/// sessions, and like logouts that never happened.
pub(super) fn refuse_standby(row: &PgRow) -> Result<(), BoxError> {
    if row.try_get("standby")? {
        return Err("this server is a standby, and may lag: use the URL of the primary".into());
    }
    Ok(())
}

/// Reads a session, unless the row has none.
pub(super) fn read(row: &PgRow) -> Result<Option<Session>, BoxError> {
    refuse_standby(row)?;
    let id: Option<Uuid> = row.try_get("id")?;
    id.map(|id| Ok(read_row!(row, session_id(id)))).transpose()
}

/// Returns an id as a UUID, which takes sixteen bytes and no length.
pub(super) fn uuid(id: &SessionId) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}

fn session_id(uuid: Uuid) -> SessionId {
    SessionId::from_bytes(uuid.into_bytes())
}

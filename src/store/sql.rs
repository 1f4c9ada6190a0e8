//! What the SQL stores share: the columns of a row in one order, as numbers and bytes that both
//! databases have, and the statements that both understand.
//!
//! They are macros, because the drivers' types share no trait that would be shorter, and because
//! statements are put together from literals.

use std::borrow::Cow;
use std::time::Duration;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType};

use super::revocation_reason::{RevocationReason, RevocationRecord};
use super::session_kind::SessionKind;
use super::session_owner::SessionOwner;
use crate::clock::Timestamp;
use crate::error::BoxError;

/// Returns the milliseconds of a moment, which always fit an `i64`.
pub(super) fn millis(timestamp: Timestamp) -> i64 {
    i64::try_from(timestamp.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn timestamp(millis: i64) -> Result<Timestamp, BoxError> {
    Ok(Timestamp::from_millis(millis.try_into()?))
}

pub(super) fn duration_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn duration(millis: i64) -> Result<Duration, BoxError> {
    Ok(Duration::from_millis(millis.try_into()?))
}

/// Reads a revocation. The time alone decides, as in every statement, because an administrator may
/// have revoked a session by hand, without a reason.
pub(super) fn revoked(
    because: Option<&str>,
    at: Option<i64>,
) -> Result<Option<RevocationRecord>, BoxError> {
    let reason = because.map_or(RevocationReason::Other, RevocationReason::from);
    at.map(|at| Ok(reason.at(timestamp(at)?))).transpose()
}

/// Reads an age in milliseconds. A moment in the future has the age zero.
pub(super) fn age(millis: i64) -> Duration {
    Duration::from_millis(millis.try_into().unwrap_or(0))
}

pub(super) fn revision(revision: u64) -> i64 {
    i64::try_from(revision).unwrap_or(i64::MAX)
}

/// Returns the number of a kind. A login is NULL, which takes no room.
pub(super) fn kind(kind: SessionKind) -> Option<i16> {
    (kind != SessionKind::LOGIN).then(|| kind.number().into())
}

pub(super) fn read_kind(kind: Option<i16>) -> Result<SessionKind, BoxError> {
    Ok(SessionKind::from_number(kind.unwrap_or(0).try_into()?))
}

/// Returns an owner as a number, which takes eight bytes and no length.
pub(super) fn owner(owner: &SessionOwner) -> i64 {
    i64::from_be_bytes(*owner.as_bytes())
}

pub(super) fn array(bytes: Vec<u8>) -> Result<[u8; 16], BoxError> {
    bytes
        .try_into()
        .map_err(|_| "a column of 16 bytes has another length".into())
}

/// Makes the first migration, which is the only one so far.
pub(super) fn first_migration(sql: SqlStr) -> Migration {
    Migration::new(
        1,
        Cow::Borrowed("sessions"),
        MigrationType::Simple,
        sql,
        false,
    )
}

/// Accepts a migration that only a later version knows: processes of both versions run while an
/// update is rolled out. One that this version could not live with says so in its description.
pub(super) fn check_unknown_migration(version: i64, description: &str) -> Result<(), BoxError> {
    if !description.starts_with(BREAKING) {
        return Ok(());
    }
    Err(format!(
        "a later version of tower-bearer has changed the tables (migration {version}), so that \
         this version cannot use them any more: update this process"
    )
    .into())
}

/// How the description of such a migration begins.
const BREAKING: &str = "breaking";

/// The columns of a row. It is not `*`, because in PostgreSQL a prepared statement would fail when
/// a later version adds a column.
macro_rules! columns {
    () => {
        "id, subject, kind, created_at, expires_at, \
         owner, device, stamp, receipts, idle_timeout, until_browser_closes, authenticated_at, \
         data, more, generation, rotated_at, confirmed, recoveries, recovered, retry_key, \
         revision, revoked_because, revoked_at"
    };
}
pub(super) use columns;

macro_rules! insert {
    () => {
        concat!(
            "INSERT INTO tower_bearer_sessions (",
            columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
             $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)"
        )
    };
}
pub(super) use insert;

/// Binds all columns that `insert` writes to a query, the id first.
macro_rules! bind_row {
    ($query:expr, $id:expr, $row:expr) => {
        bind_changes!(
            $query
                .bind($id)
                .bind($row.subject.as_str())
                .bind(kind($row.kind))
                .bind(millis($row.created_at))
                .bind(millis($row.expires_at)),
            $row
        )
        .bind($row.revoked.map(|record| record.reason.as_str()))
        .bind($row.revoked.map(|record| millis(record.at)))
    };
}
pub(super) use bind_row;

macro_rules! replace {
    () => {
        "UPDATE tower_bearer_sessions SET owner = $1, device = $2, stamp = $3, receipts = $4, \
         idle_timeout = $5, until_browser_closes = $6, authenticated_at = $7, \
         data = $8, more = $9, generation = $10, rotated_at = $11, confirmed = $12, \
         recoveries = $13, recovered = $14, retry_key = $15, revision = $16 \
         WHERE id = $17 AND revision = $16 - 1 AND revoked_at IS NULL"
    };
}
pub(super) use replace;

/// Binds all columns that `replace` writes to a query.
macro_rules! bind_changes {
    ($query:expr, $row:expr) => {
        $query
            .bind(owner(&$row.owner))
            .bind($row.device.as_deref())
            .bind($row.stamp.map(Vec::from))
            .bind($row.receipts)
            .bind($row.idle_timeout.map(duration_millis))
            .bind($row.until_browser_closes)
            .bind($row.authenticated_at.map(millis))
            .bind($row.data.as_deref())
            .bind((!$row.more.is_empty()).then(|| $row.more.as_bytes()))
            .bind(i64::from($row.generation))
            .bind($row.rotated_at.map(millis))
            .bind($row.confirmed)
            .bind(i16::from($row.recoveries))
            .bind($row.recovered)
            .bind($row.retry_key.map(Vec::from))
            .bind(revision($row.revision))
    };
}
pub(super) use bind_changes;

macro_rules! confirm {
    () => {
        "UPDATE tower_bearer_sessions SET confirmed = TRUE, revision = revision + 1 \
         WHERE id = $1 AND generation = $2 AND NOT confirmed AND revoked_at IS NULL"
    };
}
pub(super) use confirm;

macro_rules! revoke {
    () => {
        "UPDATE tower_bearer_sessions \
         SET revoked_because = $1, revoked_at = $2, revision = revision + 1 \
         WHERE id = $3 AND revoked_at IS NULL"
    };
}
pub(super) use revoke;

/// Reads the session of a row.
macro_rules! read_row {
    ($row:expr, $id:expr) => {{
        let bytes = |column| $row.try_get::<Option<Vec<u8>>, _>(column);
        let hash = |column| -> Result<Option<[u8; 16]>, BoxError> {
            bytes(column)?.map(array).transpose()
        };
        let moment = |column| -> Result<Option<Timestamp>, BoxError> {
            $row.try_get::<Option<i64>, _>(column)?
                .map(timestamp)
                .transpose()
        };
        Session::from_parts(SessionParts {
            id: $id,
            subject: $row.try_get::<String, _>("subject")?.into(),
            kind: read_kind($row.try_get("kind")?)?,
            created_at: timestamp($row.try_get("created_at")?)?,
            expires_at: timestamp($row.try_get("expires_at")?)?,
            owner: SessionOwner::from_bytes($row.try_get::<i64, _>("owner")?.to_be_bytes()),
            device: $row.try_get("device")?,
            stamp: hash("stamp")?,
            receipts: $row.try_get("receipts")?,
            idle_timeout: $row
                .try_get::<Option<i64>, _>("idle_timeout")?
                .map(duration)
                .transpose()?,
            until_browser_closes: $row.try_get("until_browser_closes")?,
            authenticated_at: moment("authenticated_at")?,
            data: bytes("data")?.map(Vec::into_boxed_slice),
            more: More::from_bytes(bytes("more")?.unwrap_or_default())?,
            generation: $row.try_get::<i64, _>("generation")?.try_into()?,
            rotated_at: moment("rotated_at")?,
            confirmed: $row.try_get("confirmed")?,
            recoveries: $row.try_get::<i16, _>("recoveries")?.try_into()?,
            recovered: $row.try_get("recovered")?,
            retry_key: hash("retry_key")?,
            revision: $row.try_get::<i64, _>("revision")?.try_into()?,
            revoked: revoked(
                $row.try_get("revoked_because")?,
                $row.try_get("revoked_at")?,
            )?,
        })
    }};
}
pub(super) use read_row;

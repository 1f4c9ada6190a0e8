//! Checks what the store needs: a server that answers, settings of the connections, and tables.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::migrate::{Migrate, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{Connection, Row};
use tokio::time::sleep;

use super::table_prefix::TablePrefix;
use crate::error::BoxError;
use crate::limits::with_timeout;
use crate::store::place::OPEN_DEADLINE;
use crate::store::sql::first_migration;

/// Checks that the server accepts a connection. A pool would try for half a minute, and would not
/// say why it failed.
///
/// A server that is just starting gets the rest of the time.
pub(super) async fn reach(options: &PgConnectOptions) -> Result<(), BoxError> {
    let mut starting = None;
    let tried = with_timeout(OPEN_DEADLINE, async {
        Ok::<_, BoxError>(reach_once_started(options, &mut starting).await)
    })
    .await;
    match tried {
        Ok(reached) => Ok(reached?),
        Err(timed_out) => Err(starting.map_or(timed_out, BoxError::from)),
    }
}

async fn reach_once_started(
    options: &PgConnectOptions,
    starting: &mut Option<sqlx::Error>,
) -> Result<(), sqlx::Error> {
    loop {
        match PgConnection::connect_with(options).await {
            Err(error) if is_starting(&error) => *starting = Some(error),
            connected => return connected?.close().await,
        }
        sleep(BETWEEN_TRIES).await;
    }
}

/// Returns whether the server is just starting, by the same errors as a pool.
fn is_starting(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}

/// Refuses connections over which the contract cannot be kept.
pub(super) async fn check(pool: &PgPool) -> Result<(), BoxError> {
    let row = sqlx::query(SETTINGS).fetch_one(pool).await?;
    if row.try_get::<i32, _>("version")? < OLDEST {
        return Err("PostgreSQL 13 or later is needed".into());
    }
    if row.try_get::<&str, _>("durability")? == "off" {
        return Err(
            "the pool has `synchronous_commit = off`, so that a crash could undo a logout. \
            Add `.options([(\"synchronous_commit\", \"on\")])` to its `PgConnectOptions`"
                .into(),
        );
    }
    if !matches!(
        row.try_get("isolation")?,
        "read committed" | "read uncommitted"
    ) {
        return Err(
            "the pool has a `default_transaction_isolation` above `read committed`, \
             with which one of two racing refreshes fails. Give the store a pool of its own, \
             with `.options([(\"default_transaction_isolation\", \"read committed\")])`"
                .into(),
        );
    }
    Ok(())
}

/// Creates or updates the tables in one transaction. If several processes start at once, one does
/// it and the others wait.
pub(super) async fn migrate(pool: &PgPool, prefix: &TablePrefix) -> Result<(), BoxError> {
    let migrator = migrator(prefix);
    // If another role has created the tables, the application's role need not be allowed to.
    if is_done(&migrator, pool, prefix).await? {
        return Ok(());
    }
    let mut transaction = pool.begin().await?;
    // The lock of `sqlx` belongs to the session: after an error a connection of the application's
    // pool would keep it, and behind PgBouncer that of another client.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(prefix.name(MIGRATIONS))
        .execute(&mut *transaction)
        .await?;
    migrator
        .run_direct::<PgConnection>(None, &mut transaction, false)
        .await?;
    transaction.commit().await?;
    Ok(())
}

async fn is_done(
    migrator: &Migrator,
    pool: &PgPool,
    prefix: &TablePrefix,
) -> Result<bool, BoxError> {
    let table = prefix.name(MIGRATIONS);
    if !sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(&table)
        .fetch_one(pool)
        .await?
    {
        return Ok(false);
    }
    let applied = pool
        .acquire()
        .await?
        .list_applied_migrations(&table)
        .await?;
    let wanted = migrator
        .iter()
        .map(|migration| (migration.version, &migration.checksum));
    Ok(wanted.eq(applied
        .iter()
        .map(|applied| (applied.version, &applied.checksum))))
}

fn migrator(prefix: &TablePrefix) -> Migrator {
    let sessions = prefix.apply(include_str!(
        "../../../migrations/postgres/0001_sessions.sql"
    ));
    let mut migrator = Migrator::with_migrations(vec![first_migration(sessions)]);
    migrator.set_locking(false);
    // The application may have its own migrations in the same schema.
    migrator.dangerous_set_table_name(prefix.name(MIGRATIONS));
    migrator
}

const SETTINGS: &str = "SELECT current_setting('server_version_num')::int AS version, \
    current_setting('synchronous_commit') AS durability, \
    current_setting('default_transaction_isolation') AS isolation";
/// The first version with `xid8`.
const OLDEST: i32 = 130_000;
const MIGRATIONS: &str = "migrations";
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

//! What has to be there before the store works: settings of the connections, and tables.

use std::borrow::Cow;

use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{Row, SqlStr};

use super::table_prefix::TablePrefix;
use crate::error::BoxError;

/// Refuses connections over which the contract cannot be kept.
pub(super) async fn check(pool: &PgPool) -> Result<(), BoxError> {
    let row = sqlx::query(SETTINGS).fetch_one(pool).await?;
    if row.try_get::<i32, _>("version")? < OLDEST {
        return Err("PostgreSQL 13 or later is needed".into());
    }
    if row.try_get::<&str, _>("durability")? == "off" {
        return Err("the pool has `synchronous_commit = off`, so that a crash could bring back who logged out. \
            Add `.options([(\"synchronous_commit\", \"on\")])` to its `PgConnectOptions`"
            .into());
    }
    if !matches!(row.try_get("isolation")?, "read committed" | "read uncommitted") {
        return Err(
            "the pool has a `default_transaction_isolation` above `read committed`, where of two refreshes at once one fails. \
            Give the store a pool of its own, with `.options([(\"default_transaction_isolation\", \"read committed\")])`"
                .into(),
        );
    }
    Ok(())
}

/// Makes or updates the tables, in one transaction. Of several processes that start at once, the others wait.
pub(super) async fn migrate(pool: &PgPool, prefix: &TablePrefix) -> Result<(), BoxError> {
    let migrator = migrator(prefix);
    // The application's role need not be allowed to make tables, where another has made them.
    if is_done(&migrator, pool, prefix).await? {
        return Ok(());
    }
    let mut transaction = pool.begin().await?;
    // The lock of `sqlx` is the session's: after an error it would stay with a connection of the application's pool, and behind PgBouncer
    // with anybody's.
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(prefix.name(MIGRATIONS))
        .execute(&mut *transaction)
        .await?;
    migrator.run_direct::<PgConnection>(None, &mut transaction, false).await?;
    transaction.commit().await?;
    Ok(())
}

async fn is_done(migrator: &Migrator, pool: &PgPool, prefix: &TablePrefix) -> Result<bool, BoxError> {
    let table = prefix.name(MIGRATIONS);
    if !sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(&table).fetch_one(pool).await? {
        return Ok(false);
    }
    let applied = pool.acquire().await?.list_applied_migrations(&table).await?;
    let wanted = migrator.iter().map(|migration| (migration.version, &migration.checksum));
    Ok(wanted.eq(applied.iter().map(|applied| (applied.version, &applied.checksum))))
}

fn migrator(prefix: &TablePrefix) -> Migrator {
    let migration = |version, name, sql: SqlStr| Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql, false);
    let mut migrator = Migrator::with_migrations(vec![migration(
        1,
        "sessions",
        prefix.apply(include_str!("../../../migrations/postgres/0001_sessions.sql")),
    )]);
    migrator.set_locking(false);
    // The application may keep migrations of its own in the same schema.
    migrator.dangerous_set_table_name(prefix.name(MIGRATIONS));
    migrator
}

const SETTINGS: &str = "SELECT current_setting('server_version_num')::int AS version, current_setting('synchronous_commit') AS durability, \
    current_setting('default_transaction_isolation') AS isolation";
/// The first with `xid8`.
const OLDEST: i32 = 130_000;
const MIGRATIONS: &str = "migrations";

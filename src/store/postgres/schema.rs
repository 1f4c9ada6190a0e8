//! Checks what the store needs: settings of the connections, and tables.

use sqlx::migrate::Migration;
use sqlx::postgres::{PgConnection, PgPool, PgRow};
use sqlx::{AssertSqlSafe, Connection, Row};

use super::partitions::Partitions;
use super::route::Route;
use super::table_prefix::TablePrefix;
use crate::error::BoxError;
use crate::store::sql::{check_unknown_migration, first_migration};

/// Refuses connections over which the contract cannot be kept.
pub(super) async fn check(pool: &PgPool, route: Route) -> Result<(), BoxError> {
    let mut connection = pool.acquire().await?;
    let row = route
        .fetch_one(&mut connection, sqlx::query(SETTINGS))
        .await?;
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
///
/// The migrator of `sqlx` needs prepared statements with names, and its lock belongs to the
/// session: after an error a connection of the application's pool would keep it, and behind a
/// pooler that of another client. The table of migrations is as that migrator makes it. It does not
/// have the number of partitions: stores with and without that setting use the same tables.
pub(super) async fn migrate(
    pool: &PgPool,
    route: Route,
    prefix: &TablePrefix,
    partitions: Partitions,
) -> Result<(), BoxError> {
    let table = prefix.name(MIGRATIONS);
    let migrations = [first_migration(prefix.apply(include_str!(
        "../../../migrations/postgres/0001_sessions.sql"
    )))];
    // If another role has created the tables, the application's role need not be allowed to.
    let mut connection = pool.acquire().await?;
    if is_present(&mut connection, route, &table).await? {
        let listed = sqlx::query(AssertSqlSafe(list(&table)));
        let applied = route.fetch_all(&mut connection, listed).await?;
        if missing(&migrations, &applied)?.is_empty() {
            return Ok(());
        }
    }
    let mut transaction = connection.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(&table)
        .persistent(false)
        .execute(&mut *transaction)
        .await?;
    sqlx::raw_sql(AssertSqlSafe(format!(
        "CREATE TABLE IF NOT EXISTS {table} (version BIGINT PRIMARY KEY, \
         description TEXT NOT NULL, installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), \
         success BOOLEAN NOT NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL)"
    )))
    .execute(&mut *transaction)
    .await?;
    let applied = sqlx::query(AssertSqlSafe(list(&table)))
        .persistent(false)
        .fetch_all(&mut *transaction)
        .await?;
    for migration in missing(&migrations, &applied)? {
        sqlx::raw_sql(partitions.apply(&migration.sql, prefix))
            .execute(&mut *transaction)
            .await?;
        sqlx::query(AssertSqlSafe(format!(
            "INSERT INTO {table} (version, description, success, checksum, execution_time) \
             VALUES ($1, $2, TRUE, $3, -1)"
        )))
        .bind(migration.version)
        .bind(&*migration.description)
        .bind(&*migration.checksum)
        .persistent(false)
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Returns whether the first schema of the `search_path` has the table. In a later one it may be
/// that of another installation, whose sessions the store would use from now on.
async fn is_present(
    connection: &mut PgConnection,
    route: Route,
    table: &str,
) -> Result<bool, BoxError> {
    let row = route
        .fetch_one(connection, sqlx::query(FIND).bind(table))
        .await?;
    let Some(found) = row.try_get::<Option<&str>, _>("found")? else {
        return Ok(false);
    };
    let first: &str = row.try_get("first")?;
    if found == first {
        return Ok(true);
    }
    Err(format!(
        "the first schema of the `search_path` is `{first}`, and the tables are in `{found}`, as \
         those of another installation may be. Set the `search_path` to the schema of this one: \
         `.options([(\"search_path\", \"{first}\")])`"
    )
    .into())
}

fn list(table: &str) -> String {
    format!("SELECT version, checksum, description FROM {table} ORDER BY version")
}

/// Returns the migrations that have not been applied.
fn missing<'m>(
    migrations: &'m [Migration],
    applied: &[PgRow],
) -> Result<&'m [Migration], BoxError> {
    for (number, row) in applied.iter().enumerate() {
        let version: i64 = row.try_get("version")?;
        let Some(migration) = migrations.get(number) else {
            check_unknown_migration(version, row.try_get("description")?)?;
            continue;
        };
        if migration.version != version || *migration.checksum != *row.try_get::<&[u8], _>(1)? {
            return Err(format!(
                "migration {version} of the tables is not the one of this version of tower-bearer"
            )
            .into());
        }
    }
    Ok(migrations.get(applied.len()..).unwrap_or_default())
}

const SETTINGS: &str = "SELECT current_setting('server_version_num')::int AS version, \
    current_setting('synchronous_commit') AS durability, \
    current_setting('default_transaction_isolation') AS isolation";
/// Statements find a table in any schema of the `search_path`, and make it in the first.
const FIND: &str = "SELECT current_schema()::text AS first, \
    (SELECT nspname::text FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
    WHERE pg_class.oid = to_regclass($1)) AS found";
/// The first version with `xid8`.
const OLDEST: i32 = 130_000;
const MIGRATIONS: &str = "migrations";

//! Checks what the store needs: a file that opens, settings of the connections, and tables.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::Duration;

use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};

use crate::error::BoxError;
use crate::limits::with_timeout;
use crate::store::place::OPEN_DEADLINE;
use crate::store::sql::{check_unknown_migration, first_migration};

/// Refuses names that do not mean a file.
pub(super) fn check_path(path: &Path) -> Result<(), BoxError> {
    let Some(path) = path.to_str() else {
        return Ok(());
    };
    // The driver has SQLite read `file:` as a URL too.
    let url = ["sqlite:", "file:"]
        .into_iter()
        .find_map(|scheme| path.strip_prefix(scheme));
    let (file, parameters) = url.map_or((path, ""), |url| {
        let url = url.strip_prefix("//").unwrap_or(url);
        url.split_once('?').unwrap_or((url, ""))
    });
    let is_in_memory = parameters.split('&').any(|given| given == "mode=memory");
    if file.is_empty() || file == ":memory:" || is_in_memory {
        return Err("a database in memory is another one for each connection. \
            Use `MemoryStore` instead"
            .into());
    }
    if url.is_some() {
        return Err(format!("this is a URL. Give the path of the file: `{file}`").into());
    }
    Ok(())
}

/// Opens the file, or says why it cannot be opened.
pub(super) async fn connect(options: SqliteConnectOptions) -> Result<SqlitePool, BoxError> {
    let path = options.get_filename().to_owned();
    let connected =
        with_timeout(OPEN_DEADLINE, async { Ok(connect_in_turn(options).await?) }).await;
    // SQLite only says that it was unable to open the file.
    connected.map_err(|error| why_not(&path).unwrap_or(error))
}

/// Connects, and tries again while the file is busy. If two processes switch a new file to WAL at
/// the same moment, SQLite refuses one of them at once, without its busy timeout. A moment later
/// the file is in that mode.
async fn connect_in_turn(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    // A file does not go away as a server does. Without a test of the connection each call saves a
    // way to its thread and back.
    let pool = SqlitePoolOptions::new().test_before_acquire(false);
    for _ in 0..MAX_TRIES {
        match pool.clone().connect_with(options.clone()).await {
            Err(error) if is_busy(&error) => tokio::time::sleep(BETWEEN_TRIES).await,
            done => return done,
        }
    }
    pool.connect_with(options).await
}

/// Returns whether this is `SQLITE_BUSY`, in any of its extended codes, which have the same lowest
/// byte.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// Returns the error of the system when the file, or its folder, is opened as SQLite does it.
fn why_not(path: &Path) -> Option<BoxError> {
    let ask = || -> std::io::Result<()> {
        if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
            folder.metadata()?;
        }
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        Ok(())
    };
    ask().err().map(BoxError::from)
}

/// Refuses connections over which the contract cannot be kept.
pub(super) async fn check(pool: &SqlitePool) -> Result<(), BoxError> {
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
        .fetch_one(pool)
        .await?;
    if synchronous < FULL {
        return Err("the pool has `synchronous` below FULL. \
            Add `.synchronous(SqliteSynchronous::Full)` to its options"
            .into());
    }
    Ok(())
}

/// Creates or updates the tables.
///
/// `sqlx` takes no lock in SQLite. If two processes start on a new file, one may find that the
/// other has created the tables in the meantime: its own transaction fails and is rolled back. Then
/// it looks again.
pub(super) async fn migrate(pool: &SqlitePool) -> Result<(), BoxError> {
    let migrator = migrator();
    for _ in migrator.iter() {
        match migrator.run(pool).await {
            Err(MigrateError::ExecuteMigration(..)) => {}
            done => {
                done?;
                return check_unknown(&migrator, pool).await;
            }
        }
    }
    migrator.run(pool).await?;
    check_unknown(&migrator, pool).await
}

/// Refuses tables that a later version has changed too much.
async fn check_unknown(migrator: &Migrator, pool: &SqlitePool) -> Result<(), BoxError> {
    let applied: Vec<(i64, String)> =
        sqlx::query_as("SELECT version, description FROM tower_bearer_migrations ORDER BY version")
            .fetch_all(pool)
            .await?;
    applied
        .iter()
        .filter(|(version, _)| !migrator.version_exists(*version))
        .try_for_each(|(version, description)| check_unknown_migration(*version, description))
}

fn migrator() -> Migrator {
    let sessions = include_str!("../../../migrations/sqlite/0001_sessions.sql");
    let mut migrator = Migrator::with_migrations(vec![first_migration(sessions.into_sql_str())]);
    // The application may have its own migrations in the same database.
    migrator.dangerous_set_table_name("tower_bearer_migrations");
    migrator.set_ignore_missing(true);
    migrator
}

/// `PRAGMA synchronous`: 0 OFF, 1 NORMAL, 2 FULL, 3 EXTRA.
const FULL: i64 = 2;
/// The tries take one second in total.
const MAX_TRIES: usize = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

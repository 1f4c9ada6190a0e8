//! [`SqliteStore`].

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{Row, SqlSafeStr};

use super::statements::*;
use crate::clock::Timestamp;
use crate::error::BoxError;
use crate::names::{SessionId, Subject};
use crate::revocation::Revocation;
use crate::store::contract::{MAX_LISTED, SessionStore};
use crate::store::error::StoreError;
use crate::store::feed::{Announcements, Cursor, RevocationPage};
use crate::store::retention::Ended;
use crate::store::revocation_reason::{RevocationReason, RevocationRecord};
use crate::store::session::{Session, SessionParts};
use crate::store::sql::{age, array, bind_changes, bind_row, millis, read_row, revision, revoked, timestamp};

/// Sessions in a SQLite database: for applications on one machine. Several processes may share the file.
///
/// Every promise is kept by a single statement: SQLite lets one writer in at a time, so what a statement sees is what it changes. A
/// trigger enters a session into the feed of revocations in the statement that revokes it.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_bearer::SqliteStore;
///
/// let store = SqliteStore::open("app.db").await?;
/// # Ok(())
/// # }
/// ```
///
/// `sqlx` 0.9 beside `rusqlite` above 0.39 does not resolve: both link SQLite, in different versions.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    pool: SqlitePool,
}

impl SqliteStore {
    /// Opens the file, makes it where there is none, and creates or updates the tables `tower_bearer_*`.
    ///
    /// The file is in WAL mode with `synchronous = FULL`: what was acknowledged survives a loss of power.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, or its tables are from a later version.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        Self::from_pool(connect(options).await.map_err(failed)?).await
    }

    /// Uses the application's own pool, and creates or updates the tables `tower_bearer_*` in its database.
    ///
    /// The pool's connections must have `synchronous = FULL` (which is the default of SQLite and of `sqlx`), else a logout could be lost with
    /// the power. WAL mode is advised. A database in memory has one connection at most: take [`MemoryStore`](crate::MemoryStore) instead.
    ///
    /// # Errors
    ///
    /// `synchronous` is weaker than `FULL`, or the tables cannot be made.
    pub async fn from_pool(pool: SqlitePool) -> Result<Self, StoreError> {
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&pool).await.map_err(failed)?;
        if synchronous < FULL {
            return Err(failed(
                "the pool has `synchronous` below FULL. Add `.synchronous(SqliteSynchronous::Full)` to its options",
            ));
        }
        migrate(&pool).await.map_err(failed)?;
        Ok(Self { pool })
    }
}

#[async_trait]
impl SessionStore for SqliteStore {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        let row = session.parts();
        let query = bind_row!(sqlx::query(INSERT), &row.id.as_bytes()[..], row);
        query.execute(&self.pool).await.map_err(failed)?;
        Ok(())
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query(FIND).bind(&id.as_bytes()[..]).fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| read(&row).map_err(failed)).transpose()
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        let next = next.parts();
        let query = bind_changes!(sqlx::query(REPLACE), &next.id.as_bytes()[..], next);
        Ok(query.execute(&self.pool).await.map_err(failed)?.rows_affected() == 1)
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        let query = sqlx::query(CONFIRM).bind(&id.as_bytes()[..]).bind(generation);
        query.execute(&self.pool).await.map_err(failed)?;
        Ok(())
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        let query = sqlx::query(REVOKE).bind(record.reason.as_str()).bind(millis(record.at)).bind(&id.as_bytes()[..]);
        Ok(query.execute(&self.pool).await.map_err(failed)?.rows_affected() == 1)
    }

    async fn revoke_all(&self, subject: &Subject, record: RevocationRecord) -> Result<u64, StoreError> {
        let query = sqlx::query(REVOKE_ALL).bind(record.reason.as_str()).bind(millis(record.at)).bind(subject.as_str());
        Ok(query.execute(&self.pool).await.map_err(failed)?.rows_affected())
    }

    async fn list(&self, subject: &Subject, now: Timestamp) -> Result<Vec<Session>, StoreError> {
        let query = sqlx::query(LIST).bind(subject.as_str()).bind(millis(now)).bind(MAX_LISTED as i64);
        let rows = query.fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| read(row).map_err(failed)).collect()
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        // A cursor that was not given out here starts at the beginning. So does that of an empty feed.
        let seen = cursor.and_then(|cursor| cursor.as_str().parse().ok()).unwrap_or(0_i64);
        let rows = sqlx::query(REVOKED_SINCE).bind(seen).fetch_all(&self.pool).await.map_err(failed)?;
        let mut page = RevocationPage {
            revoked: Vec::with_capacity(rows.len()),
            complete: false,
            cursor: Cursor::new(seen.to_string()),
            store_time: None,
        };
        for row in &rows {
            // The first row tells the last number; it is there when no revocation is.
            let last: i64 = row.try_get("last").map_err(failed)?;
            page.cursor = Cursor::new(last.to_string());
            page.complete = seen == 0 || seen > last;
            if let Some(id) = row.try_get::<Option<Vec<u8>>, _>("session_id").map_err(failed)? {
                let id = SessionId::from_bytes(array(id).map_err(failed)?);
                page.revoked.push(Revocation { id, age: age(row.try_get("age").map_err(failed)?) });
            }
        }
        Ok(page)
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        for batch in ids.chunks(BATCH) {
            let batch = json(batch.iter().map(SessionId::as_bytes));
            let query = sqlx::query(REVOKE_AGAIN).bind(RevocationReason::Other.as_str()).bind(millis(now)).bind(&batch);
            query.execute(&self.pool).await.map_err(failed)?;
            // The trigger has entered what lived. This enters what is not known.
            let query = sqlx::query(ENTER_FEED).bind(&batch).bind(millis(now));
            query.execute(&self.pool).await.map_err(failed)?;
        }
        Ok(())
    }

    /// SQLite has none.
    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        Ok(None)
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<u64, StoreError> {
        let Ended { revoked, expired } = Ended::by(now);
        let (revoked, expired) = (millis(revoked), millis(expired));
        let mut deleted = 0;
        loop {
            // Reading takes no lock that a writer waits for. Each deletion takes it once, for a moment.
            let query = sqlx::query_scalar(FIND_ENDED).bind(revoked).bind(expired).bind(READ_AT_ONCE as i64);
            let ended: Vec<Vec<u8>> = query.fetch_all(&self.pool).await.map_err(failed)?;
            let ended: Vec<[u8; 16]> = ended.into_iter().map(array).collect::<Result<_, _>>().map_err(failed)?;
            for batch in ended.chunks(BATCH) {
                let query = sqlx::query(DELETE_ENDED).bind(revoked).bind(expired).bind(json(batch.iter()));
                deleted += query.execute(&self.pool).await.map_err(failed)?.rows_affected();
            }
            if ended.len() < READ_AT_ONCE {
                break;
            }
        }
        loop {
            let query = sqlx::query(DELETE_FEED).bind(revoked).bind(BATCH as i64);
            if query.execute(&self.pool).await.map_err(failed)?.rows_affected() < BATCH as u64 {
                break;
            }
        }
        Ok(deleted)
    }
}

/// Of two that turn a new file to WAL at the same moment, SQLite refuses one without waiting: its busy timeout does not count there. A moment
/// later the file is in that mode, and there is nothing left to turn.
async fn connect(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    for _ in 0..MAX_TRIES {
        match SqlitePoolOptions::new().connect_with(options.clone()).await {
            Err(error) if is_busy(&error) => tokio::time::sleep(BETWEEN_TRIES).await,
            done => return done,
        }
    }
    SqlitePoolOptions::new().connect_with(options).await
}

/// `SQLITE_BUSY`, in any of its extended codes: the lowest byte is the same.
fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & 0xff == 5)
}

/// `sqlx` takes no lock on SQLite. Of two processes that start on a new file, one finds the tables made meanwhile by the other: its own
/// transaction fails and is rolled back. Then it looks again.
async fn migrate(pool: &SqlitePool) -> Result<(), MigrateError> {
    let migrator = migrator();
    for _ in migrator.iter() {
        match migrator.run(pool).await {
            Err(MigrateError::ExecuteMigration(..)) => {}
            done => return done,
        }
    }
    migrator.run(pool).await
}

fn migrator() -> Migrator {
    let migration = |version, name, sql| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, SqlSafeStr::into_sql_str(sql), false)
    };
    let mut migrator = Migrator::with_migrations(vec![
        migration(1, "sessions", include_str!("../../../migrations/sqlite/0001_sessions.sql")),
        migration(2, "feed", include_str!("../../../migrations/sqlite/0002_feed.sql")),
    ]);
    // The application may keep migrations of its own in the same database.
    migrator.dangerous_set_table_name("tower_bearer_migrations");
    migrator
}

fn read(row: &SqliteRow) -> Result<Session, BoxError> {
    Ok(read_row!(row, SessionId::from_bytes(array(row.try_get("id")?)?)))
}

/// A list of ids in hexadecimal, which SQLite reads as one argument.
fn json<'a>(ids: impl Iterator<Item = &'a [u8; 16]>) -> String {
    let hex = |id: &[u8; 16]| format!("{:032x}", u128::from_be_bytes(*id));
    serde_json::Value::from_iter(ids.map(hex)).to_string()
}

fn failed(source: impl Into<BoxError>) -> StoreError {
    StoreError::new("SQLite", source)
}

/// `PRAGMA synchronous`: 0 OFF, 1 NORMAL, 2 FULL, 3 EXTRA.
const FULL: i64 = 2;
/// A second in all.
const MAX_TRIES: usize = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);
/// Ended rows that are found by one reading.
const READ_AT_ONCE: usize = 50_000;
/// Rows that are deleted under one lock.
const BATCH: usize = 500;

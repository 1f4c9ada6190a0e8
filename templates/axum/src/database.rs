//! `DATABASE_URL`: the users and their sessions are in SQLite or in PostgreSQL.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use tower_bearer::store::SessionStore;
use tower_bearer::{BoxError, MemoryStore, PostgresStore, SqliteStore};

use crate::users::Users;

pub enum Database {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
    /// For tests: it ends with the program.
    Memory,
}

impl Database {
    /// The URL may have a password: no error repeats it.
    pub fn from_url(url: &str) -> Result<Self, BoxError> {
        match url.split_once(':') {
            Some(("sqlite", ":memory:")) => Ok(Self::Memory),
            // A query, as in `?mode=rwc`, is not needed: the file is made.
            Some(("sqlite", file)) if !file.is_empty() && !file.contains('?') => {
                Ok(Self::Sqlite(file.strip_prefix("//").unwrap_or(file).into()))
            }
            Some(("postgres" | "postgresql", _)) => {
                let options = url
                    .parse()
                    .map_err(|error| format!("DATABASE_URL: {error}"))?;
                Ok(Self::Postgres(Box::new(options)))
            }
            _ => Err("DATABASE_URL takes sqlite:FILE or postgres://user:password@host/name".into()),
        }
    }

    /// Opens the users table and the store of the sessions, and makes the tables that are missing.
    pub async fn open(self) -> Result<(Users, Arc<dyn SessionStore>), BoxError> {
        match self {
            Self::Sqlite(path) => {
                make_private(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .journal_mode(SqliteJournalMode::Wal);
                let pool = SqlitePoolOptions::new().connect_with(options).await?;
                let users = Users::sqlite(pool.clone()).await?;
                Ok((users, Arc::new(SqliteStore::from_pool(pool).await?)))
            }
            Self::Postgres(options) => {
                let pool = PgPoolOptions::new()
                    .acquire_timeout(PATIENCE)
                    .connect_with(*options)
                    .await?;
                let users = Users::postgres(pool.clone()).await?;
                Ok((users, Arc::new(PostgresStore::from_pool(pool).await?)))
            }
            Self::Memory => {
                // A database in memory belongs to its connection, so there is one, and it stays.
                let one = SqlitePoolOptions::new()
                    .max_connections(1)
                    .idle_timeout(None)
                    .max_lifetime(None);
                let options = SqliteConnectOptions::new().in_memory(true);
                let users = Users::sqlite(one.connect_with(options).await?).await?;
                Ok((users, Arc::new(MemoryStore::new())))
            }
        }
    }
}

/// The file has password hashes: a new one is made so that only its owner can read it.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// How long a request waits for a connection. Then it is answered with 503.
const PATIENCE: Duration = Duration::from_secs(5);

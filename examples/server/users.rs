//! The users table, in SQLite or in PostgreSQL. An application with one database needs one of each
//! pair.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};
use tower_bearer::BoxError;

#[derive(Clone)]
pub(crate) enum Users {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The user that handlers get as `CurrentUser<User>`.
#[derive(Clone, sqlx::FromRow)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) admin: bool,
    pub(crate) password_hash: String,
    /// Counts the changes of the password: the stamp of the user's sessions.
    pub(crate) password_version: i64,
}

/// Both databases understand the same queries.
macro_rules! on {
    ($users:expr, $pool:ident => $query:expr) => {
        match $users {
            Users::Sqlite($pool) => $query,
            Users::Postgres($pool) => $query,
        }
    };
}

impl Users {
    pub(crate) async fn count(&self) -> Result<i64, sqlx::Error> {
        on!(self, pool => sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(pool).await)
    }

    pub(crate) async fn by_id(&self, id: i64) -> Result<Option<User>, sqlx::Error> {
        on!(self, pool => sqlx::query_as(BY_ID).bind(id).fetch_optional(pool).await)
    }

    pub(crate) async fn by_name(&self, name: &str) -> Result<Option<User>, sqlx::Error> {
        // PostgreSQL's text cannot hold a NUL: a query for such a name fails. No user has one.
        if name.contains('\0') {
            return Ok(None);
        }
        on!(self, pool => sqlx::query_as(BY_NAME).bind(name).fetch_optional(pool).await)
    }

    /// `None`: the name is taken.
    pub(crate) async fn insert(
        &self,
        name: &str,
        hash: &str,
        admin: bool,
    ) -> Result<Option<User>, sqlx::Error> {
        on!(self, pool => {
            let insert = sqlx::query_as(INSERT).bind(name).bind(hash).bind(admin);
            insert.fetch_optional(pool).await
        })
    }

    /// Unless the password has changed meanwhile.
    pub(crate) async fn set_hash(&self, user: &User, hash: &str) -> Result<(), sqlx::Error> {
        on!(self, pool => {
            let update = sqlx::query(SET_HASH).bind(hash).bind(user.id).bind(&user.password_hash);
            update.execute(pool).await.map(drop)
        })
    }

    /// The user with another password. `None`: it has changed meanwhile.
    pub(crate) async fn set_password(
        &self,
        user: &User,
        hash: &str,
    ) -> Result<Option<User>, sqlx::Error> {
        on!(self, pool => {
            let update = sqlx::query_as(SET_PASSWORD).bind(hash).bind(user.id);
            update.bind(user.password_version).fetch_optional(pool).await
        })
    }
}

pub(crate) async fn in_memory() -> Result<SqlitePool, BoxError> {
    // A database in memory belongs to its connection, so there is one, and it stays.
    let one = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None);
    let pool = one
        .connect_with(SqliteConnectOptions::new().in_memory(true))
        .await?;
    sqlx::raw_sql(CREATE_IN_SQLITE).execute(&pool).await?;
    Ok(pool)
}

pub(crate) async fn in_file(path: &Path) -> Result<SqlitePool, BoxError> {
    make_private(path)?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal);
    let mut tries = 0..50;
    let pool = loop {
        match SqlitePoolOptions::new().connect_with(options.clone()).await {
            // Of two servers that turn a new file to WAL at once SQLite refuses one, and does not
            // wait.
            Err(sqlx::Error::Database(error))
                if error.message() == "database is locked" && tries.next().is_some() =>
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            done => break done?,
        }
    };
    sqlx::raw_sql(CREATE_IN_SQLITE).execute(&pool).await?;
    Ok(pool)
}

pub(crate) async fn in_postgres(options: PgConnectOptions) -> Result<PgPool, BoxError> {
    let pool = PgPoolOptions::new()
        .acquire_timeout(PATIENCE)
        .connect_lazy_with(options);
    match sqlx::raw_sql(CREATE_IN_POSTGRES).execute(&pool).await {
        Ok(_) => Ok(pool),
        // A server that refuses connections may be starting: the pool tries until its patience
        // ends.
        Err(sqlx::Error::PoolTimedOut) => Err("nobody answers there".into()),
        Err(error) => Err(error.into()),
    }
}

/// The file holds password hashes: it is made so that only its owner can read it.
fn make_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// How long a request waits for a connection to PostgreSQL. Then it is answered with 503.
const PATIENCE: Duration = Duration::from_secs(5);

const CREATE_IN_SQLITE: &str = "CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    password_version INTEGER NOT NULL DEFAULT 1,
    admin INTEGER NOT NULL
)";

/// One transaction. The lock is for two servers that start at once: `IF NOT EXISTS` alone fails for
/// one of them.
const CREATE_IN_POSTGRES: &str = "SELECT pg_advisory_xact_lock(hashtext('CREATE TABLE users'));
CREATE TABLE IF NOT EXISTS users (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    password_version BIGINT NOT NULL DEFAULT 1,
    admin BOOLEAN NOT NULL
)";

const BY_ID: &str = "SELECT * FROM users WHERE id = $1";

const BY_NAME: &str = "SELECT * FROM users WHERE username = $1";

const INSERT: &str = "INSERT INTO users (username, password_hash, admin) VALUES ($1, $2, $3) \
    ON CONFLICT (username) DO NOTHING RETURNING *";

const SET_PASSWORD: &str = "UPDATE users \
    SET password_hash = $1, password_version = password_version + 1 \
    WHERE id = $2 AND password_version = $3 RETURNING *";

const SET_HASH: &str = "UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3";

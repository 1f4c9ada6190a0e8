//! `DATABASE_URL`: where users and sessions are.
//!
//! | `DATABASE_URL` | sessions | users |
//! |---|---|---|
//! | none, or `sqlite:FILE` | the file | the same file |
//! | `memory:` | in memory | in memory |
//! | `postgres://…` | PostgreSQL | the same database, in a table `users` of this example |
//! | `redis://…` | Redis or Valkey | a SQLite file beside the program |
//! | `redis-cluster://HOST:PORT,HOST:PORT` | a cluster, found by any of its nodes | the same |
//! | `redis-sentinel://HOST:PORT,HOST:PORT/GROUP` | the server that sentinels name | the same |
//!
//! With Redis all servers have to be this program on this machine: elsewhere the same number is
//! another user.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use tower_bearer::store::redis_driver::Client;
use tower_bearer::store::{SessionStore, StoreError};
use tower_bearer::{BoxError, MemoryStore, PostgresStore, RedisStore, SqliteStore};

use crate::users::{self, Users};

pub(crate) enum Database {
    Memory,
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
    Redis { url: String, users: PathBuf },
}

impl Database {
    /// URLs may have passwords in them: no error repeats one.
    pub(crate) fn from_url(url: &str, beside_the_program: &Path) -> Result<Self, BoxError> {
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        match (scheme, rest.strip_prefix("//").unwrap_or(rest)) {
            ("memory", "") | ("sqlite", ":memory:") => Ok(Self::Memory),
            ("sqlite", file) if !file.is_empty() => Ok(Self::Sqlite(file.into())),
            ("postgres" | "postgresql", _) => {
                let options = url.parse().map_err(|error| {
                    format!("DATABASE_URL does not lead to PostgreSQL: {error}")
                })?;
                Ok(Self::Postgres(Box::new(options)))
            }
            ("redis" | "rediss" | "valkey" | "valkeys", _) => {
                Client::open(url)
                    .map_err(|error| format!("DATABASE_URL does not lead to Redis: {error}"))?;
                Ok(Self::redis(url, beside_the_program))
            }
            (scheme, _) if MANY_SERVERS.contains(&scheme) => {
                Ok(Self::redis(url, beside_the_program))
            }
            _ => Err(
                "DATABASE_URL takes sqlite:FILE, memory:, postgres:// or redis://, \
                 as in DATABASE_URL=sqlite:app.db"
                    .into(),
            ),
        }
    }

    fn redis(url: &str, users: &Path) -> Self {
        Self::Redis {
            url: url.to_owned(),
            users: users.to_owned(),
        }
    }

    pub(crate) async fn open(&self) -> Result<(Users, Arc<dyn SessionStore>), BoxError> {
        self.users_and_sessions().await.map_err(|error| {
            // The error of a store says which store, and its source what went wrong.
            let source = error.downcast_ref::<StoreError>().and_then(Error::source);
            let source = source
                .map(|source| format!(": {source}"))
                .unwrap_or_default();
            format!("DATABASE_URL: {self}: {error}{source}").into()
        })
    }

    async fn users_and_sessions(&self) -> Result<(Users, Arc<dyn SessionStore>), BoxError> {
        Ok(match self {
            Self::Memory => (
                Users::Sqlite(users::in_memory().await?),
                Arc::new(MemoryStore::new()),
            ),
            Self::Sqlite(path) => {
                let pool = users::in_file(path).await?;
                (
                    Users::Sqlite(pool.clone()),
                    Arc::new(SqliteStore::from_pool(pool).await?),
                )
            }
            Self::Postgres(options) => {
                let pool = users::in_postgres(PgConnectOptions::clone(options)).await?;
                (
                    Users::Postgres(pool.clone()),
                    Arc::new(PostgresStore::from_pool(pool).await?),
                )
            }
            Self::Redis { url, users } => {
                let store = RedisStore::open(url).await?;
                (Users::Sqlite(users::in_file(users).await?), Arc::new(store))
            }
        })
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("in memory, gone when the server stops"),
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(options) => {
                let database = options.get_database().unwrap_or(options.get_username());
                write!(
                    f,
                    "PostgreSQL at {}:{}, database {database}",
                    options.get_host(),
                    options.get_port()
                )
            }
            Self::Redis { url, users } => {
                let hosts = url.split(['/', '?']).nth(2).unwrap_or_default();
                // What comes before is the password.
                let hosts = hosts.rsplit('@').next().unwrap_or_default();
                write!(f, "Redis at {hosts}, and the users in {}", users.display())
            }
        }
    }
}

const MANY_SERVERS: [&str; 4] = [
    "redis-cluster",
    "rediss-cluster",
    "redis-sentinel",
    "rediss-sentinel",
];

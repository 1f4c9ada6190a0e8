//! The users table, in SQLite or in PostgreSQL. If you have one database, keep one of each pair.

use sqlx::{PgPool, SqlitePool};

#[derive(Clone)]
pub enum Users {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The user that handlers get as `CurrentUser<User>`.
#[derive(Clone, sqlx::FromRow)]
pub struct User {
    pub id: i64,
    pub username: String,
    pub password_hash: String,
    /// Counts the changes of the password. Sessions that began with an older one end.
    pub password_version: i64,
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
    pub async fn sqlite(pool: SqlitePool) -> Result<Self, sqlx::Error> {
        sqlx::raw_sql(CREATE_IN_SQLITE).execute(&pool).await?;
        Ok(Self::Sqlite(pool))
    }

    pub async fn postgres(pool: PgPool) -> Result<Self, sqlx::Error> {
        sqlx::raw_sql(CREATE_IN_POSTGRES).execute(&pool).await?;
        Ok(Self::Postgres(pool))
    }

    pub async fn by_id(&self, id: i64) -> Result<Option<User>, sqlx::Error> {
        on!(self, pool => sqlx::query_as(BY_ID).bind(id).fetch_optional(pool).await)
    }

    pub async fn by_name(&self, name: &str) -> Result<Option<User>, sqlx::Error> {
        let Some(name) = username(name) else {
            return Ok(None);
        };
        on!(self, pool => sqlx::query_as(BY_NAME).bind(name).fetch_optional(pool).await)
    }

    /// `None`: the name is taken. `name` comes from [`username`].
    pub async fn insert(&self, name: &str, hash: &str) -> Result<Option<User>, sqlx::Error> {
        on!(self, pool => {
            sqlx::query_as(INSERT).bind(name).bind(hash).fetch_optional(pool).await
        })
    }

    /// Stores a stronger hash of the same password, unless that has changed meanwhile.
    pub async fn set_hash(&self, user: &User, hash: &str) -> Result<(), sqlx::Error> {
        on!(self, pool => {
            let update = sqlx::query(SET_HASH).bind(hash).bind(user.id).bind(&user.password_hash);
            update.execute(pool).await.map(drop)
        })
    }
}

/// A user name as the table has it: up to 64 letters, digits, `.`, `-` and `_`, in lower case. With
/// names from all alphabets, think of those that look alike.
pub fn username(name: &str) -> Option<String> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    let fits = (1..=64).contains(&name.len()) && name.bytes().all(is_allowed);
    fits.then(|| name.to_ascii_lowercase())
}

const CREATE_IN_SQLITE: &str = "CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    password_version INTEGER NOT NULL DEFAULT 1
)";

/// The lock is for two processes that start at once: `IF NOT EXISTS` alone fails for one of them.
const CREATE_IN_POSTGRES: &str = "SELECT pg_advisory_xact_lock(hashtext('CREATE TABLE users'));
CREATE TABLE IF NOT EXISTS users (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    password_version BIGINT NOT NULL DEFAULT 1
)";

const BY_ID: &str = "SELECT * FROM users WHERE id = $1";
const BY_NAME: &str = "SELECT * FROM users WHERE username = $1";
const INSERT: &str = "INSERT INTO users (username, password_hash) VALUES ($1, $2) \
    ON CONFLICT (username) DO NOTHING RETURNING *";
const SET_HASH: &str = "UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3";

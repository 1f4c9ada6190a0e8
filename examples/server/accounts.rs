//! The users table, and what it says to `tower-bearer`: who may log in, what he is granted, and who he is.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};
use tower_bearer::{
    AccessTokenClaims, Authenticate, BoxError, Grant, LoadUser, PasswordCheck, PasswordCredentials, Passwords, Scope, Session,
};

use crate::config::Database;

#[derive(Clone)]
pub(crate) struct Accounts {
    pool: SqlitePool,
    passwords: Passwords,
}

/// What handlers get by `CurrentUser<User>`.
#[derive(Clone, sqlx::FromRow)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) admin: bool,
    password_hash: String,
    /// Counts the changes of the password: the stamp of the user's sessions.
    password_version: i64,
}

impl Accounts {
    pub(crate) async fn open(database: &Database) -> Result<Self, BoxError> {
        let options = SqliteConnectOptions::new().create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let pool = match database {
            // A database in memory belongs to its connection, so there is one, and it stays.
            Database::Memory => {
                let one = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
                one.connect_with(options.in_memory(true)).await?
            }
            Database::Sqlite(path) => {
                make_private(path).map_err(|error| format!("DATABASE_URL: {}: {error}", path.display()))?;
                SqlitePoolOptions::new().connect_with(options.filename(path)).await?
            }
        };
        sqlx::query(CREATE_TABLE).execute(&pool).await?;
        Ok(Self { pool, passwords: Passwords::new() })
    }

    pub(crate) fn pool(&self) -> &SqlitePool {
        &self.pool
    }

    /// Makes the demo users if there is no user at all.
    pub(crate) async fn seed(&self) -> Result<bool, BoxError> {
        let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&self.pool).await?;
        if users > 0 {
            return Ok(false);
        }
        for (username, password, admin) in [("alice", "wonderland-7", true), ("bob", "builder-8", false)] {
            self.insert(username, password, admin).await?;
        }
        Ok(true)
    }

    /// `None`: the name is taken.
    pub(crate) async fn sign_up(&self, new: &PasswordCredentials) -> Result<Option<User>, BoxError> {
        self.insert(new.username(), new.password(), false).await
    }

    async fn insert(&self, username: &str, password: &str, admin: bool) -> Result<Option<User>, BoxError> {
        let hash = self.passwords.hash(password).await?;
        let query = sqlx::query_as(INSERT).bind(username).bind(hash).bind(admin);
        Ok(query.fetch_optional(&self.pool).await?)
    }

    async fn by_id(&self, subject: &str) -> Result<Option<User>, sqlx::Error> {
        // A subject that is no number is nobody.
        let Ok(id) = subject.parse::<i64>() else { return Ok(None) };
        sqlx::query_as("SELECT * FROM users WHERE id = ?").bind(id).fetch_optional(&self.pool).await
    }
}

impl Authenticate for Accounts {
    type Credentials = PasswordCredentials;
    type Error = BoxError;

    async fn authenticate(&self, credentials: PasswordCredentials) -> Result<Option<Grant>, BoxError> {
        let query = sqlx::query_as::<_, User>("SELECT * FROM users WHERE username = ?").bind(credentials.username());
        let user = query.fetch_optional(&self.pool).await?;
        // Asked for a user who does not exist too: it takes as long.
        let stored = user.as_ref().map(|user| user.password_hash.as_str());
        let check = self.passwords.check(credentials.password(), stored).await?;
        let (Some(user), PasswordCheck::Right { rehashed }) = (user, check) else { return Ok(None) };
        if let Some(hash) = rehashed {
            // Unless the password has changed meanwhile.
            let query = sqlx::query(REHASH).bind(hash).bind(user.id).bind(&user.password_hash);
            query.execute(&self.pool).await?;
        }
        Ok(Some(grant(&user)))
    }

    async fn renew(&self, session: &Session) -> Result<Option<Grant>, BoxError> {
        Ok(self.by_id(session.subject().as_str()).await?.as_ref().map(grant))
    }
}

impl LoadUser for Accounts {
    type User = User;
    type Error = sqlx::Error;

    async fn load_user(&self, claims: &AccessTokenClaims) -> Result<Option<User>, sqlx::Error> {
        self.by_id(claims.subject().as_str()).await
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

/// What `authenticate` and `renew` both say of a user.
fn grant(user: &User) -> Grant {
    let scope = if user.admin { Scope::from_static("admin") } else { Scope::default() };
    Grant::new(user.id).with_scope(scope).with_stamp(user.password_version.to_be_bytes())
}

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    password_version INTEGER NOT NULL DEFAULT 1,
    admin INTEGER NOT NULL
)";

const REHASH: &str = "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?";

const INSERT: &str = "INSERT INTO users (username, password_hash, admin) VALUES (?, ?, ?) \
    ON CONFLICT (username) DO NOTHING RETURNING *";

//! [`PostgresStore`] keeps sessions in PostgreSQL.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::Row;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool, PgPoolOptions, Postgres};
use sqlx::query::Query;
use sqlx::types::Uuid;

use super::announcements::Listening;
use super::pulls::Pulls;
use super::row::{page, read, refuse_standby, uuid};
use super::schema;
use super::statements::Statements;
use super::table_prefix::TablePrefix;
use crate::clock::Timestamp;
use crate::names::{SessionId, Subject};
use crate::store::answers::{DeletedSessions, RevokedSessions};
use crate::store::contract::{MAX_LISTED, SessionStore};
use crate::store::error::StoreError;
use crate::store::feed::{Announcements, Cursor, RevocationPage};
use crate::store::place::{FailedAt, Place};
use crate::store::retention::Ended;
use crate::store::revocation_reason::{RevocationReason, RevocationRecord};
use crate::store::selection::SessionSelection;
use crate::store::session::Session;
use crate::store::sql::*;

/// A store in PostgreSQL 13 or later, for applications on several machines.
///
/// A single statement keeps each promise of the contract. A trigger enters a session into the feed
/// of revocations in the transaction that revokes it, even if an administrator wrote the statement,
/// and announces it with `NOTIFY`.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_bearer::PostgresStore;
/// use tower_bearer::store::sqlx::PgPool;
///
/// let pool = PgPool::connect("postgres://localhost/app").await?;
/// let store = PostgresStore::from_pool(pool).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Connections
///
/// Besides the pool, the store opens up to two connections with the pool's options. One pulls
/// revocations, so that an exhausted pool does not delay a logout, and one listens (one for each
/// subscription). They are closed with the last clone of the store.
///
/// Behind PgBouncer with `pool_mode = transaction` announcements do not arrive, and no warning says
/// so: a logout reaches other processes after a second. Without `max_prepared_statements` of
/// PgBouncer (since 1.21) the `PgConnectOptions` need `.statement_cache_capacity(0)`.
///
/// # Schema
///
/// The tables are in the first schema of the connection's `search_path`, which is `public` by
/// default. For another schema, such as `auth`, use `PgConnectOptions::options([("search_path",
/// "auth")])`. The schema has to exist.
///
/// The role that opens the store first creates the tables, and the role that opens it first after
/// an update of this crate updates them. Other roles need `SELECT` on `tower_bearer_migrations`,
/// and `SELECT`, `INSERT`, `UPDATE` and `DELETE` on `tower_bearer_sessions` and
/// `tower_bearer_revocations`.
///
/// # Limits
///
/// A refresh writes the whole row, including all data of the application.
///
/// While a transaction that writes is open anywhere on the server, every pull repeats what was
/// revoked since it began, so keep transactions short. A [`Subject`] with a NUL cannot be kept:
/// `insert` fails, and other methods find no session of it.
#[derive(Clone)]
pub struct PostgresStore {
    pool: PgPool,
    pulls: Arc<Pulls>,
    sql: Arc<Statements>,
    prefix: TablePrefix,
    place: Place,
}

impl PostgresStore {
    /// Connects to a URL such as `postgres://user:password@host/database`, and creates or updates
    /// the tables `tower_bearer_*`.
    ///
    /// The store gets a pool of its own, with the defaults of `sqlx` (at most 10 connections).
    ///
    /// # Errors
    ///
    /// The URL is malformed, or see [`from_pool`](Self::from_pool).
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options =
            PgConnectOptions::from_str(url).map_err(|error| StoreError::new(POSTGRES, error))?;
        Self::from_pool(PgPoolOptions::new().connect_lazy_with(options)).await
    }

    /// Uses the application's own pool, and creates or updates the tables `tower_bearer_*` in its
    /// database.
    ///
    /// # Errors
    ///
    /// The server cannot be reached within four seconds. The server is older than PostgreSQL 13.
    /// `synchronous_commit` is off, so that a crash could undo a logout.
    /// `default_transaction_isolation` is above `read committed`, so that racing refreshes would
    /// fail. The tables cannot be created, or are those of a later version. The error names the
    /// host, the port, the database and the cause.
    pub async fn from_pool(pool: PgPool) -> Result<Self, StoreError> {
        Self::from_pool_with_prefix(pool, TablePrefix::default()).await
    }

    /// Does the same as [`from_pool`](Self::from_pool), with names that begin with `prefix` instead
    /// of `tower_bearer_`.
    ///
    /// # Errors
    ///
    /// See [`from_pool`](Self::from_pool).
    pub async fn from_pool_with_prefix(
        pool: PgPool,
        prefix: TablePrefix,
    ) -> Result<Self, StoreError> {
        let options = pool.connect_options();
        let place = place(&options);
        schema::reach(&options).await.failed_at(&place)?;
        schema::check(&pool).await.failed_at(&place)?;
        schema::migrate(&pool, &prefix).await.failed_at(&place)?;
        let pulls = Arc::new(Pulls::new(one_connection_like(&pool)));
        Ok(Self {
            pool,
            pulls,
            sql: Arc::new(Statements::new(&prefix)),
            prefix,
            place,
        })
    }

    /// Runs a statement, and returns how many rows it changed.
    async fn execute(&self, query: Query<'_, Postgres, PgArguments>) -> Result<u64, StoreError> {
        let done = query.execute(&self.pool).await.failed_at(&self.place)?;
        Ok(done.rows_affected())
    }
}

#[async_trait]
impl SessionStore for PostgresStore {
    async fn insert(&self, session: &Session) -> Result<(), StoreError> {
        let row = session.parts();
        let query = bind_row!(sqlx::query(self.sql.insert.clone()), uuid(&row.id), row);
        self.execute(query).await?;
        Ok(())
    }

    async fn find(&self, id: &SessionId) -> Result<Option<Session>, StoreError> {
        let query = sqlx::query(self.sql.find.clone()).bind(uuid(id));
        let row = query.fetch_one(&self.pool).await.failed_at(&self.place)?;
        refuse_standby(&row).failed_at(&self.place)?;
        let known = row
            .try_get::<Option<Uuid>, _>("id")
            .failed_at(&self.place)?
            .is_some();
        known.then(|| read(&row).failed_at(&self.place)).transpose()
    }

    async fn replace(&self, next: &Session) -> Result<bool, StoreError> {
        let next = next.parts();
        let query = bind_changes!(sqlx::query(self.sql.replace.clone()), next).bind(uuid(&next.id));
        Ok(self.execute(query).await? == 1)
    }

    async fn confirm(&self, id: &SessionId, generation: u32) -> Result<(), StoreError> {
        let query = sqlx::query(self.sql.confirm.clone())
            .bind(uuid(id))
            .bind(i64::from(generation));
        self.execute(query).await?;
        Ok(())
    }

    async fn revoke(&self, id: &SessionId, record: RevocationRecord) -> Result<bool, StoreError> {
        let query = sqlx::query(self.sql.revoke.clone())
            .bind(record.reason.as_str())
            .bind(millis(record.at))
            .bind(uuid(id));
        Ok(self.execute(query).await? == 1)
    }

    async fn revoke_all(
        &self,
        selection: &SessionSelection,
        record: RevocationRecord,
    ) -> Result<RevokedSessions, StoreError> {
        if cannot_be_kept(selection.subject()) {
            return Ok(RevokedSessions::new(0));
        }
        let query = bind_selection!(sqlx::query(self.sql.revoke_all.clone()), selection);
        let query = query.bind(record.reason.as_str()).bind(millis(record.at));
        Ok(RevokedSessions::new(self.execute(query).await?))
    }

    async fn list(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        if cannot_be_kept(selection.subject()) {
            return Ok(Vec::new());
        }
        let query = bind_selection!(sqlx::query(self.sql.list.clone()), selection);
        let query = query.bind(millis(now)).bind(MAX_LISTED as i64);
        let rows = query.fetch_all(&self.pool).await.failed_at(&self.place)?;
        rows.iter()
            .map(|row| read(row).failed_at(&self.place))
            .collect()
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        // A cursor that was not made here counts as no cursor.
        let place = cursor
            .as_ref()
            .and_then(|cursor| cursor.as_str().split_once('-'));
        if let Some((history, xid)) =
            place.and_then(|(history, xid)| Some((history, xid.parse::<u64>().ok()?)))
        {
            let row = self
                .pulls
                .fetch(&self.sql.revoked_since, Some(&xid.to_string()))
                .await
                .failed_at(&self.place)?;
            let same_history = row.try_get::<&str, _>("history").failed_at(&self.place)? == history;
            if same_history && row.try_get("known").failed_at(&self.place)? {
                return page(&row, false).failed_at(&self.place);
            }
        }
        let row = self
            .pulls
            .fetch(&self.sql.revoked, None)
            .await
            .failed_at(&self.place)?;
        page(&row, true).failed_at(&self.place)
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        // They are sorted, so that two processes that assert the same never wait for each other.
        let mut ids: Vec<Uuid> = ids.iter().map(uuid).collect();
        ids.sort_unstable();
        for batch in ids.chunks(BATCH) {
            let query = sqlx::query(self.sql.revoke_again.clone())
                .bind(RevocationReason::Other.as_str())
                .bind(millis(now))
                .bind(batch);
            self.execute(query).await?;
            // The trigger has entered the live sessions. This enters the unknown ones.
            let query = sqlx::query(self.sql.enter_feed.clone())
                .bind(millis(now))
                .bind(batch);
            self.execute(query).await?;
        }
        Ok(())
    }

    // Each subscription has its own connection for as long as it lives.
    async fn announcements(&self) -> Result<Option<Box<dyn Announcements>>, StoreError> {
        let pool = one_connection_like(&self.pool);
        let listening = Listening::on(&pool, &self.prefix.name("revoked"), &self.place)
            .await
            .failed_at(&self.place)?;
        Ok(Some(Box::new(listening)))
    }

    async fn delete_expired(&self, now: Timestamp) -> Result<DeletedSessions, StoreError> {
        let ended = Ended::by(now);
        let (revoked, expired) = (millis(ended.revoked), millis(ended.expired));
        let mut deleted = 0;
        loop {
            let query = sqlx::query_as(self.sql.delete_revoked.clone())
                .bind(revoked)
                .bind(BATCH as i64);
            let (entries, rows): (i64, i64) =
                query.fetch_one(&self.pool).await.failed_at(&self.place)?;
            deleted += rows.unsigned_abs();
            if entries < BATCH as i64 {
                break;
            }
        }
        loop {
            let query = sqlx::query(self.sql.delete_expired.clone())
                .bind(expired)
                .bind(revoked)
                .bind(BATCH as i64);
            let rows = self.execute(query).await?;
            deleted += rows;
            if rows < BATCH as u64 {
                break;
            }
        }
        Ok(DeletedSessions::new(deleted))
    }
}

/// Leaves out the pool, whose URL may have a password.
impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

/// Makes a pool with one connection, which connects at first use, as the pool does, to the same
/// server, with the same role and the same hooks.
fn one_connection_like(pool: &PgPool) -> PgPool {
    let options: PgPoolOptions = pool.options().clone();
    options
        .min_connections(0)
        .max_connections(1)
        .connect_lazy_with((*pool.connect_options()).clone())
}

/// Returns whether no row can have this subject, because text in PostgreSQL cannot have a NUL.
fn cannot_be_kept(subject: &Subject) -> bool {
    subject.as_str().contains('\0')
}

/// Binds the four parts of a selection to a query.
macro_rules! bind_selection {
    ($query:expr, $selection:expr) => {
        $query
            .bind($selection.subject().as_str())
            .bind($selection.owners().iter().map(owner).collect::<Vec<i64>>())
            .bind($selection.kinds().map(|kinds| {
                kinds
                    .iter()
                    .map(|kind| i16::from(kind.number()))
                    .collect::<Vec<i16>>()
            }))
            .bind($selection.excepted().map(uuid))
    };
}
use bind_selection;

fn place(options: &PgConnectOptions) -> Place {
    let database = options.get_database().unwrap_or(options.get_username());
    match options.get_socket() {
        Some(socket) => Place::new(
            POSTGRES,
            format!("{}, database {database}", socket.display()),
        ),
        None => Place::new(
            POSTGRES,
            format!(
                "{}:{}, database {database}",
                options.get_host(),
                options.get_port()
            ),
        ),
    }
}

/// The number of rows that are locked at once.
const BATCH: usize = 500;
const POSTGRES: &str = "PostgreSQL";

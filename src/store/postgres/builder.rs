//! [`PostgresStoreBuilder`] has every setting of [`PostgresStore`].

use std::fmt;
use std::str::FromStr;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::partitions::Partitions;
use super::pool::{POSTGRES, place, reach};
use super::route::{CURE, Route, refuse_pooler};
use super::schema;
use super::store::PostgresStore;
use super::table_prefix::TablePrefix;
use crate::error::BoxError;
use crate::store::error::StoreError;
use crate::store::place::FailedAt;

/// Opens a [`PostgresStore`] with settings. [`PostgresStore::builder`] makes it.
#[must_use]
#[derive(Clone)]
pub struct PostgresStoreBuilder {
    pool: PgPool,
    prefix: TablePrefix,
    partitions: Partitions,
    route: Route,
    listening: Option<PgPool>,
}

impl PostgresStoreBuilder {
    pub(super) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            prefix: TablePrefix::default(),
            partitions: Partitions::default(),
            route: Route::Direct,
            listening: None,
        }
    }

    /// Sets the beginning of all names in the database, instead of `tower_bearer_`.
    pub fn table_prefix(mut self, prefix: TablePrefix) -> Self {
        self.prefix = prefix;
        self
    }

    /// Makes the table of sessions with this many hash partitions of the session's id (`PARTITION
    /// BY HASH (id)`), from 1 to 64. Without this setting, a new table has no partitions.
    ///
    /// It is for a new installation whose table will be too large for one vacuum, one tablespace or
    /// the 32 TB of a table. A list of a user's sessions, which each login counts, then looks into
    /// every partition.
    ///
    /// An existing table is never changed. Opening fails if the table has no partitions, or a
    /// different number of them. Without this setting the store uses a partitioned table as it is,
    /// so a process with the setting has to open the store first.
    pub fn hash_partitions(mut self, count: u16) -> Self {
        self.partitions = Partitions(Some(count));
        self
    }

    /// Says that the pool leads through PgBouncer with `pool_mode = transaction`, or through
    /// another pooler that may give each transaction another connection of the server.
    ///
    /// Every statement is then unnamed, and has a transaction of its own: four round trips to the
    /// pooler, instead of one. Nothing listens through the pooler, so a logout reaches other
    /// processes after a second, unless [`listen_on`](Self::listen_on) says where to listen.
    ///
    /// Without this setting such a pool is refused.
    pub fn behind_transaction_pooler(mut self) -> Self {
        self.route = Route::TransactionPooler;
        self
    }

    /// Receives announcements on one connection like those of this pool, for each `Sessions`. It is
    /// for a store [behind a pooler](Self::behind_transaction_pooler), beside a pool that leads to
    /// the server directly. Nothing else uses the pool: `connect_lazy` keeps it empty.
    pub fn listen_on(mut self, direct: PgPool) -> Self {
        self.listening = Some(direct);
        self
    }

    /// Checks the server, and creates or updates the tables.
    ///
    /// # Errors
    ///
    /// The server cannot be reached within four seconds. The server is older than PostgreSQL 13.
    /// `synchronous_commit` is off, so that a crash could undo a logout.
    /// `default_transaction_isolation` is above `read committed`, so that racing refreshes would
    /// fail. The pool leads through a pooler in transaction mode, without
    /// [`behind_transaction_pooler`](Self::behind_transaction_pooler). The tables cannot be
    /// created, or a later version has changed them too much, or they have a different number of
    /// partitions than [`hash_partitions`](Self::hash_partitions) says, or are in a later schema of
    /// the `search_path` than the first. The error names the host, the port, the database and the
    /// cause.
    pub async fn open(self) -> Result<PostgresStore, StoreError> {
        let at = place(&self.pool.connect_options());
        self.check().await.failed_at(&at)?;
        if let Some(listening) = &self.listening {
            let at = place(&listening.connect_options());
            check_listening(listening).await.failed_at(&at)?;
        }
        let listening = match self.route {
            Route::Direct => self.listening.or_else(|| Some(self.pool.clone())),
            Route::TransactionPooler => self.listening,
        };
        Ok(PostgresStore::new(
            self.pool,
            self.route,
            listening,
            self.prefix,
            at,
        ))
    }

    async fn check(&self) -> Result<(), BoxError> {
        self.partitions.check_number()?;
        let mut beside = reach(&self.pool.connect_options()).await?;
        if self.route == Route::Direct {
            refuse_pooler(&mut beside, &self.pool, CURE).await?;
        }
        beside.close().await?;
        schema::check(&self.pool, self.route).await?;
        schema::migrate(&self.pool, self.route, &self.prefix, self.partitions).await?;
        self.partitions
            .check(&self.pool, self.route, &self.prefix)
            .await
    }
}

/// A pooler would lose every announcement without a word.
async fn check_listening(pool: &PgPool) -> Result<(), BoxError> {
    let mut beside = reach(&pool.connect_options()).await?;
    refuse_pooler(&mut beside, pool, CURE_TO_LISTEN).await?;
    Ok(beside.close().await?)
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
    /// See [`PostgresStoreBuilder::open`].
    pub async fn from_pool(pool: PgPool) -> Result<Self, StoreError> {
        Self::builder(pool).open().await
    }

    /// Does the same as [`from_pool`](Self::from_pool), with settings.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     pool: tower_bearer::store::sqlx::PgPool,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_bearer::PostgresStore;
    ///
    /// let store = PostgresStore::builder(pool)
    ///     .behind_transaction_pooler()
    ///     .open()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(pool: PgPool) -> PostgresStoreBuilder {
        PostgresStoreBuilder::new(pool)
    }
}

/// Leaves out the pools, whose URLs may have a password.
impl fmt::Debug for PostgresStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStoreBuilder")
            .field("prefix", &self.prefix)
            .field("partitions", &self.partitions)
            .field("route", &self.route)
            .finish_non_exhaustive()
    }
}

const CURE_TO_LISTEN: &str = "Give `listen_on` a pool that leads to the server directly";

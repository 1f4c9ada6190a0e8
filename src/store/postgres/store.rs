//! [`PostgresStore`] keeps sessions in PostgreSQL.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::postgres::{PgArguments, PgPool, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::types::Uuid;
use sqlx::{Row, SqlStr};

use super::announcements::Listening;
use super::feed_place::FeedPlace;
use super::pool::one_connection_like;
use super::pulls::Pulls;
use super::route::Route;
use super::row::{page, read, refuse_standby, uuid};
use super::selected::{bind_selection, cannot_be_kept};
use super::statements::Statements;
use super::table_prefix::TablePrefix;
use crate::clock::Timestamp;
use crate::names::SessionId;
use crate::revocation::Receipt;
use crate::store::answers::{DeletedSessions, RevokedSessions};
use crate::store::contract::{MAX_LISTED, SessionStore};
use crate::store::ephemeral::EphemeralStore;
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
/// Besides the pool, the store opens connections as the pool would. One pulls revocations, so that
/// an exhausted pool does not delay a logout, and one listens for each `Sessions`. They are closed
/// with the last clone of the store. Each new connection has the options that the pool has at that
/// moment, so a password may rotate: give the pool the new one with `set_connect_options`.
///
/// Behind PgBouncer with `pool_mode = transaction`, use
/// [`behind_transaction_pooler`](super::PostgresStoreBuilder::behind_transaction_pooler).
///
/// # Schema
///
/// The tables are in the first schema of the connection's `search_path`, which is `public` by
/// default. For another schema, such as `auth`, use `PgConnectOptions::options([("search_path",
/// "auth")])`. The schema has to exist. Tables in a later schema of the path are refused.
///
/// The role that opens the store first creates the tables, and the role that opens it first after
/// an update of this crate updates them. Other roles need `SELECT` on `tower_bearer_migrations`,
/// and `SELECT`, `INSERT`, `UPDATE` and `DELETE` on `tower_bearer_sessions`,
/// `tower_bearer_revocations` and `tower_bearer_ephemeral`.
///
/// The table of sessions can have partitions:
/// [`hash_partitions`](super::PostgresStoreBuilder::hash_partitions).
///
/// # Limits
///
/// A refresh writes the whole row, including all data of the application.
///
/// While a transaction that writes is open anywhere on the server, every pull repeats what was
/// revoked since it began, so keep transactions short. A [`Subject`](crate::names::Subject) with a
/// NUL cannot be kept: `insert` fails, and other methods find no session of it.
#[derive(Clone)]
pub struct PostgresStore {
    pool: PgPool,
    route: Route,
    pulls: Arc<Pulls>,
    /// The pool whose connections hear announcements.
    listening: Option<PgPool>,
    pub(super) sql: Arc<Statements>,
    prefix: TablePrefix,
    pub(super) place: Place,
}

impl PostgresStore {
    pub(super) fn new(
        pool: PgPool,
        route: Route,
        listening: Option<PgPool>,
        prefix: TablePrefix,
        place: Place,
    ) -> Self {
        Self {
            pulls: Arc::new(Pulls::new(&pool, route)),
            pool,
            route,
            listening,
            sql: Arc::new(Statements::new(&prefix)),
            prefix,
            place,
        }
    }

    /// Runs a statement, and returns how many rows it changed.
    pub(super) async fn execute(
        &self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<u64, StoreError> {
        let mut connection = self.pool.acquire().await.failed_at(&self.place)?;
        self.route
            .execute(&mut connection, query)
            .await
            .failed_at(&self.place)
    }

    pub(super) async fn fetch_all(
        &self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, StoreError> {
        let mut connection = self.pool.acquire().await.failed_at(&self.place)?;
        self.route
            .fetch_all(&mut connection, query)
            .await
            .failed_at(&self.place)
    }

    async fn fetch_one(
        &self,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<PgRow, StoreError> {
        let mut connection = self.pool.acquire().await.failed_at(&self.place)?;
        self.route
            .fetch_one(&mut connection, query)
            .await
            .failed_at(&self.place)
    }

    /// Changes the selected rows that `find` finds, a few in each transaction: what was done stays
    /// done where the caller gives up, and no other writer waits for all of them. Returns how many
    /// were changed.
    async fn change_selected(
        &self,
        find: &SqlStr,
        selection: &SessionSelection,
        change: impl Fn(&[Uuid]) -> Query<'static, Postgres, PgArguments>,
    ) -> Result<u64, StoreError> {
        if cannot_be_kept(selection.subject()) {
            return Ok(0);
        }
        let (mut changed, mut from) = (0, Uuid::nil());
        loop {
            let query = bind_selection!(sqlx::query(find.clone()), selection)
                .bind(from)
                .bind(READ_AT_ONCE as i64);
            let row = self.fetch_one(query).await?;
            refuse_standby(&row).failed_at(&self.place)?;
            let found: Vec<Uuid> = row.try_get("ids").failed_at(&self.place)?;
            for batch in found.chunks(BATCH) {
                changed += self.execute(change(batch)).await?;
            }
            match found.last() {
                Some(last) if found.len() == READ_AT_ONCE => from = *last,
                _ => return Ok(changed),
            }
        }
    }

    /// Revokes those of the sessions that live.
    fn revoke_each(
        &self,
        ids: &[Uuid],
        record: RevocationRecord,
    ) -> Query<'static, Postgres, PgArguments> {
        sqlx::query(self.sql.revoke_each.clone())
            .bind(record.reason.as_str())
            .bind(millis(record.at))
            .bind(ids.to_vec())
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
        let row = self.fetch_one(query).await?;
        read(&row).failed_at(&self.place)
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

    async fn confirm_all(&self, receipts: &[Receipt]) -> Result<(), StoreError> {
        let ids: Vec<Uuid> = receipts.iter().map(|receipt| uuid(&receipt.id)).collect();
        let generations = receipts.iter().map(|receipt| receipt.generation.into());
        let query = sqlx::query(self.sql.confirm_all.clone())
            .bind(ids)
            .bind(generations.collect::<Vec<i64>>());
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
        let (find, revoke) = (&self.sql.find_live, |ids: &[Uuid]| {
            self.revoke_each(ids, record)
        });
        let revoked = self.change_selected(find, selection, revoke).await?;
        Ok(RevokedSessions::new(revoked))
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
        let rows = self.fetch_all(query).await?;
        rows.iter()
            .filter_map(|row| read(row).transpose())
            .map(|session| session.failed_at(&self.place))
            .collect()
    }

    async fn count(
        &self,
        selection: &SessionSelection,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        if cannot_be_kept(selection.subject()) {
            return Ok(0);
        }
        let query = bind_selection!(sqlx::query(self.sql.count.clone()), selection);
        let query = query.bind(millis(now)).bind(MAX_LISTED as i64);
        let row = self.fetch_one(query).await?;
        refuse_standby(&row).failed_at(&self.place)?;
        let count: i64 = row.try_get("count").failed_at(&self.place)?;
        usize::try_from(count).failed_at(&self.place)
    }

    async fn revoked_since(&self, cursor: Option<Cursor>) -> Result<RevocationPage, StoreError> {
        // A cursor that was not made here counts as no cursor.
        if let Some(place) = cursor.and_then(|cursor| FeedPlace::read(cursor.as_str())) {
            let sql = match place.since {
                Some(_) => &self.sql.revoked_since,
                None => &self.sql.revoked,
            };
            let row = self.pulls.fetch(sql, place.from(), place.since).await;
            let row = row.failed_at(&self.place)?;
            if place.is_known(&row).failed_at(&self.place)? {
                return page(&row, Some(&place)).failed_at(&self.place);
            }
        }
        let row = self.pulls.fetch(&self.sql.revoked, Uuid::nil(), None).await;
        page(&row.failed_at(&self.place)?, None).failed_at(&self.place)
    }

    async fn assert_revoked(&self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        // They are sorted, so that two processes that assert the same never wait for each other.
        let mut ids: Vec<Uuid> = ids.iter().map(uuid).collect();
        ids.sort_unstable();
        for batch in ids.chunks(BATCH) {
            let revoke = self.revoke_each(batch, RevocationReason::Other.at(now));
            self.execute(revoke).await?;
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
        let Some(pool) = &self.listening else {
            return Ok(None);
        };
        let pool = one_connection_like(pool);
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
            let query = sqlx::query(self.sql.delete_revoked.clone())
                .bind(revoked)
                .bind(BATCH as i64);
            let row = self.fetch_one(query).await?;
            let entries: i64 = row.try_get(0).failed_at(&self.place)?;
            let rows: i64 = row.try_get(1).failed_at(&self.place)?;
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

    async fn rest(&self) {
        self.pulls.rest().await;
    }

    async fn erase(&self, selection: &SessionSelection) -> Result<DeletedSessions, StoreError> {
        let delete = |ids: &[Uuid]| sqlx::query(self.sql.delete_each.clone()).bind(ids.to_vec());
        let find = &self.sql.find_revoked;
        let erased = self.change_selected(find, selection, delete).await?;
        Ok(DeletedSessions::new(erased))
    }

    fn ephemeral(&self) -> &dyn EphemeralStore {
        self
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

/// The number of ids that one query finds.
const READ_AT_ONCE: usize = 50_000;
/// The number of rows that are locked at once.
const BATCH: usize = 500;

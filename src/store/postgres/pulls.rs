//! [`Pulls`] is the connection over which revocations are pulled.

use sqlx::postgres::{PgConnection, PgPool, PgRow};
use sqlx::types::Uuid;
use sqlx::{Connection, SqlStr};
use tokio::sync::Mutex;

use super::pool::one_connection_like;
use super::route::Route;
use crate::error::BoxError;
use crate::store::feed::REVOCATIONS_AT_ONCE;

/// One connection beside the application's pool, which may be exhausted.
///
/// The connection is detached from its pool while it is used, so that it is dropped with a pull
/// that is given up. A pool would wait for a connection that no longer answers until TCP gives up,
/// and no pull would succeed in the meantime.
pub(super) struct Pulls {
    /// The application's pool, whose options may change: a password rotates.
    pool: PgPool,
    /// A pool that makes one connection at a time.
    beside: PgPool,
    route: Route,
    idle: Mutex<Option<PgConnection>>,
}

impl Pulls {
    pub(super) fn new(pool: &PgPool, route: Route) -> Self {
        Self {
            pool: pool.clone(),
            beside: one_connection_like(pool),
            route,
            idle: Mutex::default(),
        }
    }

    /// Returns the one row of a statement that reads a page of the feed: from this entry on, since
    /// this transaction.
    pub(super) async fn fetch(
        &self,
        sql: &SqlStr,
        from: Uuid,
        since: Option<u64>,
    ) -> Result<PgRow, BoxError> {
        let mut idle = self.idle.lock().await;
        if let Some(mut connection) = idle.take() {
            let row = self.fetch_one(&mut connection, sql, from, since).await;
            // The server may have been restarted since the last pull. A new connection shows
            // whether it is available.
            if let Ok(row) = row {
                *idle = Some(connection);
                return Ok(row);
            }
        }
        self.beside
            .set_connect_options((*self.pool.connect_options()).clone());
        let mut connection = self.beside.acquire().await?.detach();
        let row = self.fetch_one(&mut connection, sql, from, since).await?;
        *idle = Some(connection);
        Ok(row)
    }

    /// Closes the connection until the next pull.
    pub(super) async fn rest(&self) {
        if let Some(connection) = self.idle.lock().await.take() {
            // Where this fails the connection is gone anyway.
            let _ = connection.close().await;
        }
    }

    async fn fetch_one(
        &self,
        connection: &mut PgConnection,
        sql: &SqlStr,
        from: Uuid,
        since: Option<u64>,
    ) -> Result<PgRow, BoxError> {
        let query = sqlx::query(sql.clone()).bind(from);
        let query = query.bind(REVOCATIONS_AT_ONCE as i64);
        let query = match since {
            Some(xid) => query.bind(xid.to_string()),
            None => query,
        };
        self.route.fetch_one(connection, query).await
    }
}

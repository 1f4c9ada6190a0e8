//! [`Pulls`] is the connection over which revocations are pulled.

use sqlx::SqlStr;
use sqlx::postgres::{PgConnection, PgPool, PgRow};
use tokio::sync::Mutex;

/// One connection beside the application's pool, which may be exhausted.
///
/// The connection is detached from its pool while it is used, so that it is dropped with a pull
/// that is given up. A pool would wait for a connection that no longer answers until TCP gives up,
/// and no pull would succeed in the meantime.
pub(super) struct Pulls {
    pool: PgPool,
    idle: Mutex<Option<PgConnection>>,
}

impl Pulls {
    /// Takes a pool that makes one connection at a time.
    pub(super) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            idle: Mutex::default(),
        }
    }

    /// Returns the one row of a statement, which may have one parameter.
    pub(super) async fn fetch(
        &self,
        sql: &SqlStr,
        parameter: Option<&str>,
    ) -> Result<PgRow, sqlx::Error> {
        let mut idle = self.idle.lock().await;
        if let Some(mut connection) = idle.take() {
            let row = fetch_one(&mut connection, sql, parameter).await;
            // The server may have been restarted since the last pull. A new connection shows
            // whether it is available.
            if let Ok(row) = row {
                *idle = Some(connection);
                return Ok(row);
            }
        }
        let mut connection = self.pool.acquire().await?.detach();
        let row = fetch_one(&mut connection, sql, parameter).await?;
        *idle = Some(connection);
        Ok(row)
    }
}

async fn fetch_one(
    connection: &mut PgConnection,
    sql: &SqlStr,
    parameter: Option<&str>,
) -> Result<PgRow, sqlx::Error> {
    let query = sqlx::query(sql.clone());
    match parameter {
        Some(parameter) => query.bind(parameter).fetch_one(connection).await,
        None => query.fetch_one(connection).await,
    }
}

//! [`Pulls`]: the connection over which revocations are pulled.

use sqlx::SqlStr;
use sqlx::postgres::{PgConnection, PgPool, PgRow};
use tokio::sync::Mutex;

/// One connection, apart from the application's pool, which may be exhausted.
///
/// It is out of its pool while it is used: a pull that is given up takes it along. A pool would
/// wait for a connection that no longer answers, until TCP gives up, and no pull would succeed
/// meanwhile.
pub(super) struct Pulls {
    pool: PgPool,
    idle: Mutex<Option<PgConnection>>,
}

impl Pulls {
    /// The pool makes one connection at a time.
    pub(super) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            idle: Mutex::default(),
        }
    }

    /// The one row of a statement, which may have one parameter.
    pub(super) async fn fetch(
        &self,
        sql: &SqlStr,
        parameter: Option<&str>,
    ) -> Result<PgRow, sqlx::Error> {
        let mut idle = self.idle.lock().await;
        if let Some(mut connection) = idle.take() {
            let row = fetch_one(&mut connection, sql, parameter).await;
            // The server may have been started anew since the last time: a new connection says
            // whether it is there.
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

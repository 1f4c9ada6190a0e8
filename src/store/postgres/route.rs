//! [`Route`] is how connections lead to the server, and runs statements on them.

use sqlx::error::DatabaseError;
use sqlx::postgres::{PgArguments, PgConnection, PgPool, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{Connection, Row};

use crate::error::BoxError;

type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// How connections lead to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Each connection leads to one of the server. Statements are prepared once, under a name.
    Direct,
    /// A pooler may give each transaction another connection of the server. A name may be unknown
    /// there, or be that of another client's statement. So may be the statement without a name,
    /// between the two messages that prepare and run it. So each statement has no name, and a
    /// transaction of its own.
    TransactionPooler,
}

impl Route {
    /// Runs a statement, and returns how many rows it changed.
    pub(super) async fn execute(
        self,
        connection: &mut PgConnection,
        statement: Statement<'_>,
    ) -> Result<u64, BoxError> {
        let done = match self {
            Self::Direct => statement.execute(connection).await.map_err(explain)?,
            Self::TransactionPooler => {
                let mut transaction = connection.begin().await?;
                let done = statement
                    .persistent(false)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                done
            }
        };
        Ok(done.rows_affected())
    }

    pub(super) async fn fetch_all(
        self,
        connection: &mut PgConnection,
        statement: Statement<'_>,
    ) -> Result<Vec<PgRow>, BoxError> {
        match self {
            Self::Direct => statement.fetch_all(connection).await.map_err(explain),
            Self::TransactionPooler => {
                let mut transaction = connection.begin().await?;
                let rows = statement
                    .persistent(false)
                    .fetch_all(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok(rows)
            }
        }
    }

    /// Returns the first row. Every statement that is run with this has one.
    pub(super) async fn fetch_one(
        self,
        connection: &mut PgConnection,
        statement: Statement<'_>,
    ) -> Result<PgRow, BoxError> {
        let rows = self.fetch_all(connection, statement).await?;
        Ok(rows.into_iter().next().ok_or(sqlx::Error::RowNotFound)?)
    }
}

/// Refuses a pool whose connections share those of the server.
///
/// Both connections are open all the time. A direct one is answered by one process of the server
/// always, and by one of its own. A pooler in transaction mode gives each statement the connection
/// that was free first or last. Where it has no other clients, that is one for both. Where it has,
/// the answers change, but two may differ by chance: so each is asked several times, and in turns
/// that no pooler follows which hands out two or more connections in a circle.
pub(super) async fn refuse_pooler(
    beside: &mut PgConnection,
    pool: &PgPool,
    cure: &str,
) -> Result<(), BoxError> {
    let mut connection = pool.acquire().await?;
    let first = backend(beside).await?;
    let second = backend(&mut connection).await?;
    let mut shared = first == second;
    for _ in 0..REPEATED_QUESTIONS {
        shared |= backend(&mut connection).await? != second;
        shared |= backend(beside).await? != first;
    }
    if shared {
        return Err(format!("{POOLER}. {cure}").into());
    }
    Ok(())
}

/// Returns which process of the server answers, with a statement that is not prepared.
async fn backend(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let row = sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(connection);
    row.await?.try_get(0)
}

/// Says what a prepared statement that came or went by itself means.
fn explain(error: sqlx::Error) -> BoxError {
    let code = error.as_database_error().and_then(DatabaseError::code);
    match code.as_deref() {
        Some(UNKNOWN_STATEMENT | REPEATED_STATEMENT) => {
            format!("{POOLER}, or a hook deallocates statements. {CURE}: {error}").into()
        }
        _ => error.into(),
    }
}

/// If a pooler with two connections gives each answer by chance, it passes once in 2^17 openings,
/// and with more connections far less often.
const REPEATED_QUESTIONS: usize = 8;
const POOLER: &str = "the pool leads through a pooler in transaction mode (PgBouncer)";
pub(super) const CURE: &str =
    "Open the store with `PostgresStore::builder(pool).behind_transaction_pooler()`";
const UNKNOWN_STATEMENT: &str = "26000";
const REPEATED_STATEMENT: &str = "42P05";

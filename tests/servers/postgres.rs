//! `PostgresStore` keeps every promise of `SessionStore`; and what PostgreSQL alone has to promise.

mod ephemeral;
mod feed;
mod many;
mod opening;
mod partitions;
mod passwords;
mod pooler;
mod pools;
mod restoring;
mod rights;
mod room;
mod rows;

use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection};
use support::InTurn;
use tower_bearer::names::SessionId;
use tower_bearer::store::Session;
use tower_bearer::store::{PostgresStore, PostgresStoreBuilder, SessionParts, TablePrefix};

use crate::now;

mod one_store {
    use super::*;

    async fn make_store() -> (PostgresStore, Schema) {
        let schema = Schema::new().await;
        (schema.store_with_prefix().await, schema)
    }

    tower_bearer::store_conformance!(make_store);
}

/// Each id is in one of sixteen tables.
mod sixteen_partitions {
    use super::*;

    async fn make_store() -> (PostgresStore, Schema) {
        let schema = Schema::partitioned().await;
        (schema.store_with_prefix().await, schema)
    }

    tower_bearer::store_conformance!(make_store);
}

/// Calls go to one and the other in turn: neither may keep anything to itself.
mod two_stores_on_one_schema {
    use super::*;

    async fn make_store() -> (InTurn<PostgresStore>, Schema) {
        let schema = Schema::new().await;
        (
            InTurn::new([
                schema.store_with_prefix().await,
                schema.store_with_prefix().await,
            ]),
            schema,
        )
    }

    tower_bearer::store_conformance!(make_store);
}

/// A schema for one test, dropped after it.
struct Schema {
    name: String,
    /// A prefix of this test alone: announcements go through the whole database.
    prefix: String,
    partitions: Option<u16>,
}

impl Schema {
    fn name(&self) -> &str {
        &self.name
    }

    async fn new() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let start = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_nanos();
        let prefix = format!(
            "t{}_{}_",
            std::process::id(),
            LAST.fetch_add(1, Ordering::Relaxed)
        );
        let name = format!("{prefix}{start}");
        execute(&mut connection().await, format!("CREATE SCHEMA {name}")).await;
        Self {
            name,
            prefix,
            partitions: None,
        }
    }

    /// A schema whose stores ask for partitions.
    async fn partitioned() -> Self {
        let mut schema = Self::new().await;
        schema.partitions = Some(PARTITIONS);
        schema
    }

    /// Two schemas: with and without partitions.
    async fn of_each_layout() -> [Self; 2] {
        [Self::new().await, Self::partitioned().await]
    }

    /// The server's URL, with this schema.
    fn url(&self) -> String {
        let url = server();
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}options[search_path]={}", self.name)
    }

    fn options(&self) -> PgConnectOptions {
        PgConnectOptions::from_str(&self.url())
            .unwrap()
            .application_name(&self.name)
    }

    /// A pool as applications have it.
    async fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(16)
            .connect_with(self.options())
            .await
            .unwrap()
    }

    /// A store over a pool of its own.
    async fn store(&self) -> PostgresStore {
        self.builder().await.open().await.unwrap()
    }

    async fn builder(&self) -> PostgresStoreBuilder {
        let builder = PostgresStore::builder(self.pool().await);
        match self.partitions {
            Some(count) => builder.hash_partitions(count),
            None => builder,
        }
    }

    /// A store that gets no announcements of other tests.
    async fn store_with_prefix(&self) -> PostgresStore {
        let prefix = TablePrefix::new(self.prefix.as_str()).unwrap();
        let builder = self.builder().await.table_prefix(prefix);
        builder.open().await.unwrap()
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let drop = format!("DROP SCHEMA {} CASCADE", self.name);
        // The test's own runtime waits for this.
        let dropped = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async { execute(&mut connection().await, drop).await });
        });
        // A failing test says by itself what failed.
        let _ = dropped.join();
    }
}

fn server() -> String {
    crate::url("TEST_POSTGRES_URL")
}

async fn connection() -> PgConnection {
    PgConnection::connect(&server()).await.unwrap()
}

async fn execute(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap();
}

fn session(id: u128, subject: &str) -> Session {
    let end = now() + Duration::from_secs(90 * 24 * 3600);
    Session::from_parts(SessionParts::new(
        SessionId::from_bytes(id.to_be_bytes()),
        subject.into(),
        now(),
        end,
    ))
}

const PARTITIONS: u16 = 16;

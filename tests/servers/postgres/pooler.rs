//! The store behind PgBouncer with `pool_mode = transaction`. `tests/run` starts it, with the
//! settings of `docs/stores.md`.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use support::{InTurn, logins};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower_bearer::store::{PostgresStore, RevocationReason, SessionStore, TablePrefix};

use super::{Schema, connection, execute, now, session};

/// Where PgBouncer listens. Where it is not installed, `tests/run` says so, and these tests check
/// the setting alone.
fn pooler() -> Option<String> {
    std::env::var("TEST_PGBOUNCER_URL")
        .ok()
        .filter(|url| !url.is_empty())
}

/// Tables for one test in the schema `public`, because PgBouncer takes no `search_path`.
struct Tables {
    prefix: String,
    /// Its name is one of a kind.
    _schema: Schema,
}

impl Tables {
    async fn new() -> Self {
        let schema = Schema::new().await;
        let prefix = format!("pooled_{}", schema.prefix);
        Self {
            prefix,
            _schema: schema,
        }
    }

    fn prefix(&self) -> TablePrefix {
        TablePrefix::new(self.prefix.as_str()).unwrap()
    }

    async fn store(&self) -> PostgresStore {
        PostgresStore::builder(pool().await)
            .table_prefix(self.prefix())
            .behind_transaction_pooler()
            .open()
            .await
            .unwrap()
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        let prefix = self.prefix.clone();
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let tables = ["sessions", "revocations", "migrations"]
                    .map(|table| format!("public.{prefix}{table}"))
                    .join(", ");
                let gone = format!(
                    "DROP TABLE IF EXISTS {tables}; \
                     DROP FUNCTION IF EXISTS public.{prefix}revoked CASCADE"
                );
                execute(&mut connection().await, gone).await;
            });
        });
        // A failing test says by itself what failed.
        let _ = dropped.join();
    }
}

async fn pool() -> PgPool {
    let url = pooler().unwrap_or_else(super::server);
    PgPoolOptions::new()
        .max_connections(16)
        .connect_with(PgConnectOptions::from_str(&url).unwrap())
        .await
        .unwrap()
}

async fn make_store() -> (InTurn<PostgresStore>, Tables) {
    let tables = Tables::new().await;
    (
        InTurn::new([tables.store().await, tables.store().await]),
        tables,
    )
}

tower_bearer::store_conformance!(make_store);

/// Many clients share the few connections that PgBouncer has to the server, each with its own
/// statements.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_run_no_statement_of_each_other() {
    let tables = Tables::new().await;
    let store = Arc::new(tables.store().await);
    let mut tasks = JoinSet::new();
    for id in 1..=48 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let subject = format!("user{id}");
            let session = session(id, &subject);
            store.insert(&session).await.unwrap();
            store.confirm(session.id(), 0).await.unwrap();
            let found = store.find(session.id()).await.unwrap().unwrap();
            assert_eq!(found.subject().as_str(), subject);
            assert!(found.parts().confirmed, "another statement was run");
            let listed = store.list(&logins(&subject), now()).await.unwrap();
            assert_eq!(listed.len(), 1);
            store.revoked_since(None).await.unwrap();
            let record = RevocationReason::LoggedOut.at(now());
            assert!(store.revoke(session.id(), record).await.unwrap());
        });
    }
    tasks.join_all().await;
    assert_eq!(store.revoked_since(None).await.unwrap().ids().len(), 48);
}

#[tokio::test]
async fn without_the_setting_a_pooler_is_refused_with_the_cure() {
    if pooler().is_none() {
        return println!("NOT CHECKED: no PgBouncer");
    }
    let refused = PostgresStore::from_pool(pool().await).await.unwrap_err();
    let cause = refused.to_string();
    assert!(cause.contains(".behind_transaction_pooler()"), "{cause}");
    let tables: Option<String> =
        sqlx::query_scalar("SELECT to_regclass('public.tower_bearer_sessions')::text")
            .fetch_one(&mut connection().await)
            .await
            .unwrap();
    assert_eq!(tables, None, "a refused pool was written to");
}

/// Other clients take the connection that answered before, so that two questions may be answered by
/// two connections, as over direct ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_pooler_is_refused_too() {
    if pooler().is_none() {
        return println!("NOT CHECKED: no PgBouncer");
    }
    let mut others = JoinSet::new();
    for _ in 0..8 {
        let pool = pool().await;
        others.spawn(async move {
            loop {
                let busy = sqlx::raw_sql("SELECT pg_sleep(random() / 500)");
                busy.execute(&pool).await.unwrap();
            }
        });
    }
    for _ in 0..20 {
        let refused = PostgresStore::from_pool(pool().await).await.unwrap_err();
        let cause = refused.to_string();
        assert!(cause.contains(".behind_transaction_pooler()"), "{cause}");
    }
    others.shutdown().await;
}

#[tokio::test]
async fn nothing_listens_through_a_pooler() {
    let tables = Tables::new().await;
    let store = tables.store().await;
    assert!(store.announcements().await.unwrap().is_none());
}

#[tokio::test]
async fn announcements_arrive_over_a_direct_pool() {
    let tables = Tables::new().await;
    let direct = PgPool::connect_lazy(&super::server()).unwrap();
    let store = PostgresStore::builder(pool().await)
        .table_prefix(tables.prefix())
        .behind_transaction_pooler()
        .listen_on(direct)
        .open()
        .await
        .unwrap();
    let mut announcements = store.announcements().await.unwrap().unwrap();
    let session = session(1, "user");
    store.insert(&session).await.unwrap();
    let record = RevocationReason::LoggedOut.at(now());
    assert!(store.revoke(session.id(), record).await.unwrap());
    timeout(Duration::from_secs(5), announcements.next())
        .await
        .expect("nothing was announced")
        .unwrap();
}

#[tokio::test]
async fn a_pooler_to_listen_on_is_refused() {
    if pooler().is_none() {
        return println!("NOT CHECKED: no PgBouncer");
    }
    let tables = Tables::new().await;
    let refused = PostgresStore::builder(pool().await)
        .table_prefix(tables.prefix())
        .behind_transaction_pooler()
        .listen_on(pool().await)
        .open()
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("`listen_on`"), "{refused}");
}

/// PgBouncer takes no `search_path`: the role has it.
#[tokio::test]
async fn the_role_may_choose_the_schema_behind_a_pooler() {
    let Some(url) = pooler() else {
        return println!("NOT CHECKED: no PgBouncer");
    };
    let schema = Schema::new().await;
    let mut admin = connection().await;
    for statement in [
        "CREATE ROLE pooled LOGIN".to_owned(),
        format!("GRANT USAGE, CREATE ON SCHEMA {} TO pooled", schema.name()),
        format!("ALTER ROLE pooled SET search_path = {}", schema.name()),
    ] {
        execute(&mut admin, statement).await;
    }
    let options = PgConnectOptions::from_str(&url).unwrap();
    let pool = PgPool::connect_lazy_with(options.username("pooled").password(""));
    let opened = PostgresStore::builder(pool.clone())
        .behind_transaction_pooler()
        .open()
        .await;
    let table = format!("{}.tower_bearer_sessions", schema.name());
    let made: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(table)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    pool.close().await;
    for statement in [
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'pooled'",
        "DROP OWNED BY pooled CASCADE",
        "DROP ROLE pooled",
    ] {
        execute(&mut admin, statement.to_owned()).await;
    }
    opened.unwrap();
    assert!(made, "the tables are in another schema");
}

/// Through a pooler the server may know a name already, or not any more.
#[tokio::test]
async fn a_prepared_statement_that_is_gone_names_the_cure() {
    let schema = Schema::new().await;
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(schema.options())
        .await
        .unwrap();
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    store.find(session(1, "user").id()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe("DEALLOCATE ALL".to_owned()))
        .execute(&pool)
        .await
        .unwrap();
    let error = store.find(session(1, "user").id()).await.unwrap_err();
    let cause = error.to_string();
    assert!(cause.contains(".behind_transaction_pooler()"), "{cause}");
}

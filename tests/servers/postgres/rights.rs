//! The rights and the statements of `docs/stores.md`.

use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgPool, PgPoolOptions};
use tower_bearer::store::{PostgresStore, RevocationReason, SessionStore, TablePrefix};

use super::{Schema, connection, execute, now, session};
use crate::docs::block;

/// A role that may do what the document says, in the schema of one test.
struct Role {
    name: String,
    schema: Schema,
}

impl Role {
    /// With the tables' own prefix: no store of this role gets the announcements of other tests.
    async fn new() -> Self {
        let schema = Schema::new().await;
        let owner = schema.pool().await;
        schema.store_with_prefix().await;
        let name = format!("{}_app", schema.name());
        let grants = block("sql", "GRANT USAGE")
            .replace("TO app", &format!("TO {name}"))
            .replace("SCHEMA public", &format!("SCHEMA {}", schema.name()))
            .replace("tower_bearer_", &schema.prefix);
        let granted = format!("CREATE ROLE {name}; {grants}");
        sqlx::raw_sql(AssertSqlSafe(granted))
            .execute(&owner)
            .await
            .unwrap();
        Self { name, schema }
    }

    async fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(16)
            .connect_with(
                self.schema
                    .options()
                    .options([("role", self.name.as_str())]),
            )
            .await
            .unwrap()
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let gone = format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name);
        let dropped = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async { execute(&mut connection().await, gone).await });
        });
        // A failing test says by itself what failed.
        let _ = dropped.join();
    }
}

async fn limited_store() -> (PostgresStore, Role) {
    let role = Role::new().await;
    let prefix = TablePrefix::new(role.schema.prefix.as_str()).unwrap();
    let store = PostgresStore::builder(role.pool().await).table_prefix(prefix);
    (store.open().await.unwrap(), role)
}

tower_bearer::store_conformance!(limited_store);

#[tokio::test]
async fn the_documented_role_may_do_nothing_else() {
    let role = Role::new().await;
    let pool = role.pool().await;
    for statement in [
        "CREATE TABLE another (id int)",
        "DROP TABLE tower_bearer_sessions",
        "TRUNCATE tower_bearer_revocations",
        "DELETE FROM tower_bearer_migrations",
        "ALTER TABLE tower_bearer_sessions DISABLE TRIGGER ALL",
    ] {
        let refused = sqlx::query(AssertSqlSafe(
            statement.replace("tower_bearer_", &role.schema.prefix),
        ))
        .execute(&pool)
        .await
        .unwrap_err();
        let code = refused.as_database_error().unwrap().code().unwrap();
        assert_eq!(code, "42501", "{statement}: {refused}");
    }
}

#[tokio::test]
async fn the_documented_statement_logs_a_user_out_everywhere() {
    let schema = Schema::new().await;
    let pool = schema.pool().await;
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    let (alice, bob) = (session(1, "alice"), session(2, "bob"));
    store.insert(&alice).await.unwrap();
    store.insert(&bob).await.unwrap();
    let mut announcements = store.announcements().await.unwrap().unwrap();
    let statement = block("sql", "UPDATE tower_bearer_sessions").replace("'…'", "'alice'");
    let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&pool);
    assert_eq!(done.await.unwrap().rows_affected(), 1);
    announcements.next().await.unwrap();
    let page = store.revoked_since(None).await.unwrap();
    assert_eq!(page.ids(), [*alice.id()]);
    let ended = store.find(alice.id()).await.unwrap().unwrap();
    let record = ended.revoked().unwrap();
    assert_eq!(record.reason, RevocationReason::Everywhere);
    assert!(record.at <= now());
    assert!(
        store
            .find(bob.id())
            .await
            .unwrap()
            .unwrap()
            .revoked()
            .is_none()
    );
}

#[tokio::test]
async fn the_documented_expression_names_a_session_as_the_log_does() {
    let schema = Schema::new().await;
    let pool = schema.pool().await;
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    let session = session(u128::MAX - 0x3f_0000, "alice");
    store.insert(&session).await.unwrap();
    let document = include_str!("../../../docs/stores.md");
    let at = document.find("`translate(").expect("the expression");
    let expression = document[at + 1..].split('`').next().unwrap();
    let named: String = sqlx::query_scalar(AssertSqlSafe(format!(
        "SELECT {expression} FROM tower_bearer_sessions"
    )))
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(named, session.id().to_string());
}

/// What operators set, and what they watch.
#[tokio::test]
async fn the_documented_settings_and_columns_exist() {
    let (stores, running) = (
        include_str!("../../../docs/stores.md"),
        include_str!("../../../docs/running.md"),
    );
    let mut connection = connection().await;
    for setting in [
        "idle_in_transaction_session_timeout",
        "synchronous_standby_names",
        "synchronous_commit",
        "max_connections",
    ] {
        assert!(stores.contains(setting), "{setting} is not documented");
        let known: bool = sqlx::query_scalar("SELECT current_setting($1, TRUE) IS NOT NULL")
            .bind(setting)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert!(known, "{setting}");
    }
    let watched = running
        .lines()
        .find(|line| line.contains("n_tup_hot_upd"))
        .and_then(|line| line.split('`').nth(1))
        .expect("the number to watch");
    let ratio = format!(
        "SELECT {} FROM pg_stat_user_tables LIMIT 1",
        watched.replace("n_tup_upd", "NULLIF(n_tup_upd, 0)")
    );
    sqlx::query(AssertSqlSafe(ratio))
        .fetch_optional(&mut connection)
        .await
        .unwrap();
}

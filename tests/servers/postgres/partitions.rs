//! `PostgresStoreBuilder::hash_partitions`.

use futures_util::future::join_all;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPool;
use support::logins;
use tower_bearer::store::{PostgresStore, RevocationReason, SessionStore};

use super::{PARTITIONS, Schema, now, session};

/// The number of rows in each partition.
async fn spread(pool: &PgPool) -> Vec<i64> {
    let rows = "SELECT (SELECT count(*) FROM tower_bearer_sessions WHERE tableoid = inhrelid) \
        FROM pg_inherits WHERE inhparent = 'tower_bearer_sessions'::regclass";
    sqlx::query_scalar(rows).fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn sessions_are_spread_over_all_partitions() {
    let schema = Schema::partitioned().await;
    let (store, pool) = (schema.store().await, schema.pool().await);
    for id in 0..1_600 {
        store.insert(&session(id, "user")).await.unwrap();
    }
    let rows = spread(&pool).await;
    assert_eq!(rows.len(), usize::from(PARTITIONS));
    // A hundred on average: a fair spread is outside of these bounds once in millions of times.
    assert!(
        rows.iter().all(|rows| (40..200).contains(rows)),
        "not spread: {rows:?}"
    );
    let room: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_class JOIN pg_inherits ON oid = inhrelid \
         WHERE inhparent = 'tower_bearer_sessions'::regclass AND 'fillfactor=94' = ANY(reloptions)",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(
        room,
        i64::from(PARTITIONS),
        "a partition has no room for HOT updates"
    );
}

/// A statement with an id looks into one partition, even when its plan is not made for that id.
#[tokio::test]
async fn a_statement_with_an_id_looks_into_one_partition() {
    let schema = Schema::partitioned().await;
    let store = schema.store().await;
    let mut connection = schema.pool().await.acquire().await.unwrap();
    for (name, statement) in [
        ("find", "SELECT FROM tower_bearer_sessions WHERE id = $1"),
        (
            "replace",
            "UPDATE tower_bearer_sessions SET revision = 1 WHERE id = $1",
        ),
    ] {
        let prepare = format!(
            "SET plan_cache_mode = force_generic_plan; PREPARE {name} (uuid) AS {statement}"
        );
        let prepared = sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection);
        prepared.await.unwrap();
        let explain = format!("EXPLAIN EXECUTE {name} ('00000000-0000-0000-0000-000000000001')");
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain))
            .persistent(false)
            .fetch_all(&mut *connection)
            .await
            .unwrap();
        let plan = plan.join("\n");
        assert!(
            plan.contains(&format!("Subplans Removed: {}", PARTITIONS - 1)),
            "{name}: {plan}"
        );
    }
    drop(store);
}

#[tokio::test]
async fn a_table_without_partitions_is_refused_and_stays_as_it_is() {
    let schema = Schema::new().await;
    let store = schema.store().await;
    let session = session(1, "user");
    store.insert(&session).await.unwrap();
    let asked = PostgresStore::builder(schema.pool().await).hash_partitions(16);
    let refused = asked.open().await.unwrap_err().to_string();
    assert!(
        refused.contains("`tower_bearer_sessions` exists without partitions")
            && refused.contains("without `hash_partitions`"),
        "the sentence does not help: {refused}"
    );
    assert_eq!(spread(&schema.pool().await).await, [0; 0]);
    assert!(store.find(session.id()).await.unwrap().is_some());
    schema.store().await;
}

#[tokio::test]
async fn another_number_of_partitions_is_refused() {
    let schema = Schema::partitioned().await;
    schema.store().await;
    let pool = schema.pool().await;
    for asked in [1, 8, 17, 32] {
        let asked = PostgresStore::builder(pool.clone()).hash_partitions(asked);
        let refused = asked.open().await.unwrap_err().to_string();
        assert!(
            refused.contains("has 16 partitions") && refused.contains("`hash_partitions(16)`"),
            "the sentence does not help: {refused}"
        );
    }
    assert_eq!(spread(&pool).await.len(), 16);
    schema.store().await;
}

#[tokio::test]
async fn a_number_of_partitions_that_is_not_supported_is_refused_before_anything_is_written() {
    let schema = Schema::new().await;
    let pool = schema.pool().await;
    for asked in [0, 65, u16::MAX] {
        let asked = PostgresStore::builder(pool.clone()).hash_partitions(asked);
        let refused = asked.open().await.unwrap_err().to_string();
        assert!(refused.contains("1 to 64 partitions"), "{refused}");
    }
    let tables: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(tables, 0);
    let one = PostgresStore::builder(pool.clone()).hash_partitions(1);
    one.open().await.unwrap();
    assert_eq!(spread(&pool).await, [0]);
}

/// Each of these lists locks 64 partitions and their indexes, as each login does.
#[tokio::test]
async fn as_many_partitions_as_there_may_be_leave_a_server_room_for_its_locks() {
    let schema = Schema::new().await;
    let most = PostgresStore::builder(schema.pool().await).hash_partitions(64);
    let store = most.open().await.unwrap();
    store.insert(&session(1, "user")).await.unwrap();
    let (user, at) = (logins("user"), now());
    let lists = (0..20).map(|_| store.list(&user, at));
    for listed in join_all(lists).await {
        assert_eq!(listed.unwrap().len(), 1);
    }
}

/// The setting is for the process that makes the tables. Other processes, and tools, need not know.
#[tokio::test]
async fn a_store_without_the_setting_uses_a_partitioned_table_as_it_is() {
    let schema = Schema::partitioned().await;
    let (with, pool) = (schema.store().await, schema.pool().await);
    let without = PostgresStore::from_pool(pool.clone()).await.unwrap();
    let session = session(1, "user");
    without.insert(&session).await.unwrap();
    assert!(with.find(session.id()).await.unwrap().is_some());
    let record = RevocationReason::LoggedOut.at(now());
    assert!(without.revoke(session.id(), record).await.unwrap());
    let page = with.revoked_since(None).await.unwrap();
    assert_eq!(page.ids(), [*session.id()]);
    assert_eq!(spread(&pool).await.len(), 16);
}

/// The longest prefix leaves little room for the names of the partitions and their indexes.
#[tokio::test]
async fn partitions_have_the_prefix_in_their_names() {
    let schema = Schema::partitioned().await;
    let prefix = "_32_bytes_are_the_longest_prefix";
    let store = schema.builder().await;
    let store = store.table_prefix(tower_bearer::store::TablePrefix::new(prefix).unwrap());
    let store = store.open().await.unwrap();
    store.insert(&session(1, "user")).await.unwrap();
    let strangers: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
         AND NOT starts_with(relname, $1)",
    )
    .bind(prefix)
    .fetch_all(&schema.pool().await)
    .await
    .unwrap();
    assert_eq!(strangers, [""; 0], "a name does not begin with the prefix");
}

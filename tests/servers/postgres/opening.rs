//! The schemas that the store takes, refuses and makes.

use std::sync::Arc;

use sqlx::Row;
use tower_bearer::store::SessionStore;
use tower_bearer::store::{PostgresStore, RevocationReason, TablePrefix};

use super::{Schema, now, session};

#[tokio::test]
async fn a_pool_that_could_lose_a_logout_or_a_race_is_refused() {
    for (setting, weak) in [
        ("synchronous_commit", "off"),
        ("default_transaction_isolation", "repeatable read"),
        ("default_transaction_isolation", "serializable"),
    ] {
        let schema = Schema::new().await;
        let pool = sqlx::PgPool::connect_with(schema.options().options([(setting, weak)]))
            .await
            .unwrap();
        let refused = PostgresStore::from_pool(pool.clone()).await.unwrap_err();
        let cause = refused.to_string();
        assert!(
            cause.contains(&format!(".options([(\"{setting}\", ")),
            "the sentence names no cure: {cause}"
        );
        let tables: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(tables, 0, "a refused pool was written to");
    }
}

#[tokio::test]
async fn a_pool_that_is_stronger_than_asked_is_taken() {
    let schema = Schema::new().await;
    let pool = sqlx::PgPool::connect_with(
        schema
            .options()
            .options([("synchronous_commit", "remote_apply")]),
    )
    .await
    .unwrap();
    PostgresStore::from_pool(pool).await.unwrap();
}

/// Several processes of one application start at the same moment, on a schema that is empty.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_may_open_an_empty_schema_at_once() {
    for _ in 0..5 {
        let schema = Schema::new().await;
        let start = Arc::new(tokio::sync::Barrier::new(6));
        let open = |_| {
            let (url, start) = (schema.url(), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                PostgresStore::open(&url).await
            })
        };
        for opened in (0..6).map(open).collect::<Vec<_>>() {
            opened
                .await
                .unwrap()
                .expect("a store could not be opened beside others");
        }
    }
}

/// The application's role may be kept from making tables: another has opened the store before.
#[tokio::test]
async fn a_role_that_may_not_make_tables_may_use_them() {
    for schema in Schema::of_each_layout().await {
        let owner = schema.pool().await;
        schema.store().await;
        let role = format!("{}_app", schema.name());
        let grants = format!(
            "CREATE ROLE {role}; GRANT USAGE ON SCHEMA {schema} TO {role}; \
             GRANT SELECT ON tower_bearer_migrations TO {role}; \
             GRANT SELECT, INSERT, UPDATE, DELETE \
             ON tower_bearer_sessions, tower_bearer_revocations, tower_bearer_ephemeral TO {role}",
            schema = schema.name()
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(grants))
            .execute(&owner)
            .await
            .unwrap();

        let pool = sqlx::PgPool::connect_with(schema.options().options([("role", role.as_str())]))
            .await
            .unwrap();
        let made = sqlx::query("CREATE TABLE another (id int)")
            .execute(&pool)
            .await;
        assert!(made.is_err(), "the role may make tables");
        let store = PostgresStore::from_pool(pool).await.unwrap();
        let session = session(1, "user");
        store.insert(&session).await.unwrap();
        assert!(
            store
                .revoke(session.id(), RevocationReason::LoggedOut.at(now()))
                .await
                .unwrap()
        );
        assert_eq!(
            store.revoked_since(None).await.unwrap().ids(),
            [*session.id()]
        );
        let erased = store.erase(&support::logins("user")).await.unwrap();
        assert_eq!(erased.count(), 1);
        drop(store);
        let gone = format!("DROP OWNED BY {role}; DROP ROLE {role}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(gone))
            .execute(&owner)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn an_application_with_migrations_of_its_own_keeps_them() {
    let schema = Schema::new().await;
    let pool = schema.pool().await;
    // The table that `sqlx::migrate!` of the application has made: the same version, another text.
    sqlx::raw_sql(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
         installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, \
         checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL); \
         INSERT INTO _sqlx_migrations VALUES (1, 'users', now(), TRUE, '\\x00', 1), \
         (2, 'orders', now(), TRUE, '\\x01', 1)",
    )
    .execute(&pool)
    .await
    .unwrap();

    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    store.insert(&session(1, "user")).await.unwrap();

    let theirs = sqlx::query("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
        .fetch_all(&pool)
        .await
        .unwrap();
    let theirs: Vec<(i64, Vec<u8>)> = theirs.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(theirs, [(1, vec![0]), (2, vec![1])]);
}

/// A process that starts again while an update is rolled out.
#[tokio::test]
async fn a_migration_of_a_later_version_is_accepted_unless_it_says_that_it_breaks_this_one() {
    let schema = Schema::new().await;
    let pool = schema.pool().await;
    schema.store().await;
    let apply = async |version: i64, description: &'static str| {
        let insert = "INSERT INTO tower_bearer_migrations \
            (version, description, success, checksum, execution_time) \
            VALUES ($1, $2, TRUE, '\\x00', 1)";
        let insert = sqlx::query(insert).bind(version).bind(description);
        insert.execute(&pool).await.unwrap();
    };
    apply(2, "another column").await;
    schema
        .store()
        .await
        .insert(&session(1, "user"))
        .await
        .unwrap();
    apply(3, "breaking: another key").await;
    let refused = PostgresStore::from_pool(pool.clone()).await.unwrap_err();
    let refused = refused.to_string();
    assert!(refused.contains("(migration 3)"), "{refused}");
}

/// The next start would wait for ever for a lock that stayed with a connection of the pool.
#[tokio::test]
async fn a_migration_that_failed_is_tried_again_and_leaves_nothing() {
    let schema = Schema::new().await;
    let pool = schema.pool().await;
    sqlx::raw_sql("CREATE TABLE tower_bearer_revocations ()")
        .execute(&pool)
        .await
        .unwrap();
    PostgresStore::from_pool(pool.clone()).await.unwrap_err();
    let theirs =
        "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace";
    assert_eq!(
        sqlx::query_scalar::<_, i64>(theirs)
            .fetch_one(&pool)
            .await
            .unwrap(),
        1,
        "half a migration stayed"
    );

    sqlx::raw_sql("DROP TABLE tower_bearer_revocations")
        .execute(&pool)
        .await
        .unwrap();
    PostgresStore::open(&schema.url()).await.unwrap();
}

#[tokio::test]
async fn two_prefixes_in_one_schema_know_nothing_of_each_other() {
    let schema = Schema::new().await;
    let pool = schema.pool().await;
    let with = async |prefix| {
        PostgresStore::builder(pool.clone())
            .table_prefix(TablePrefix::new(prefix).unwrap())
            .open()
            .await
            .unwrap()
    };
    let longest = "_32_bytes_are_the_longest_prefix";
    assert_eq!(longest.len(), 32);
    let stores = [
        with("shop_").await,
        with(longest).await,
        PostgresStore::from_pool(pool.clone()).await.unwrap(),
    ];
    for store in &stores {
        let session = session(1, "user");
        store.insert(&session).await.unwrap();
        assert!(
            store
                .revoke(session.id(), RevocationReason::LoggedOut.at(now()))
                .await
                .unwrap()
        );
        store
            .assert_revoked(&[*super::session(2, "user").id()], now())
            .await
            .unwrap();
        assert_eq!(store.revoked_since(None).await.unwrap().revoked.len(), 2);
    }
    let strangers: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace \
         AND NOT (starts_with(relname, 'shop_') OR starts_with(relname, '_32_') \
         OR starts_with(relname, 'tower_bearer_'))",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(strangers, [""; 0], "a name does not begin with the prefix");
}

#[test]
fn a_prefix_that_would_need_quotes_is_refused() {
    let long = "a".repeat(33);
    for prefix in [
        "", "1_", "Shop_", "shop-", "shop ", "auth.", "käse_", "a\"b", "a'b", "a;b", "a\0", &long,
    ] {
        let refused = TablePrefix::new(prefix).expect_err(prefix);
        assert!(
            refused.to_string().contains("lower-case"),
            "the sentence names no cure: {refused}"
        );
    }
    for prefix in ["a", "_", "shop_", "tower_bearer_", "v2_auth_", &long[1..]] {
        TablePrefix::new(prefix).unwrap();
    }
}

/// An administrator has another `search_path` than the application.
#[tokio::test]
async fn sessions_may_be_in_another_schema() {
    let schema = Schema::new().await;
    let store = schema.store().await;
    let session = session(1, "user");
    store.insert(&session).await.unwrap();
    let update = format!(
        "UPDATE {}.tower_bearer_sessions SET revoked_at = 1000, revision = revision + 1",
        schema.name
    );
    super::execute(&mut super::connection().await, update).await;

    assert_eq!(
        store.revoked_since(None).await.unwrap().ids(),
        [*session.id()]
    );
}

/// The store would use the sessions of the other installation.
#[tokio::test]
async fn tables_in_a_later_schema_of_the_search_path_are_refused() {
    let (own, other) = (Schema::new().await, Schema::new().await);
    other.store().await;
    let open = async |path: String| {
        let options = other.options().options([("search_path", path)]);
        PostgresStore::from_pool(sqlx::PgPool::connect_with(options).await.unwrap()).await
    };
    let path = format!("{},{}", own.name(), other.name());
    let refused = open(path.clone()).await.unwrap_err().to_string();
    assert!(
        refused.contains(own.name()) && refused.contains(other.name()),
        "{refused}"
    );
    own.store().await;
    open(path).await.unwrap();
    // As `"$user", public` where the user has no schema.
    open(format!("no_such_schema,{}", other.name()))
        .await
        .unwrap();
}

#[tokio::test]
async fn debug_shows_no_url() {
    let schema = Schema::new().await;
    let options = schema.options().password("open sesame");
    let store = PostgresStore::from_pool(sqlx::PgPool::connect_with(options).await.unwrap())
        .await
        .unwrap();
    assert_eq!(
        format!("{store:?}"),
        r#"PostgresStore { prefix: TablePrefix("tower_bearer_"), .. }"#
    );
    let (host, port) = (
        schema.options().get_host().to_owned(),
        schema.options().get_port(),
    );
    let refused = PostgresStore::open(&format!("postgres://user:open%20sesame@{host}:{port}/none"))
        .await
        .unwrap_err();
    let told = format!("{refused} {refused:?} {:?}", refused.cause());
    assert!(
        !told.contains("sesame"),
        "an error tells the password: {told}"
    );
}

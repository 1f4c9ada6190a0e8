//! An application on another database library. [`Guide`] compiles `docs/databases.md`, the tests
//! run each library on the database that has our tables.

#[cfg(doctest)]
#[doc = include_str!("../../../docs/databases.md")]
struct Guide;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use diesel::connection::SimpleConnection as _;
    use diesel::{Connection as _, RunQueryDsl as _};
    use sea_orm::ConnectionTrait as _;
    use tower_bearer::clock::{Clock, SystemClock};
    use tower_bearer::names::SessionId;
    use tower_bearer::store::Session;
    use tower_bearer::store::{RevocationReason, SessionParts, SessionStore};
    use tower_bearer::{PostgresStore, SqliteStore};

    /// A login and a logout.
    async fn works(store: &impl SessionStore, id: u8) {
        let now = SystemClock.now();
        let end = now + std::time::Duration::from_secs(3600);
        let id = SessionId::from_bytes([id; 16]);
        let session = Session::from_parts(SessionParts::new(id, "alice".into(), now, end));
        store.insert(&session).await.unwrap();
        assert!(store.find(&id).await.unwrap().is_some());
        let record = RevocationReason::LoggedOut.at(now);
        assert!(store.revoke(&id, record).await.unwrap());
        assert!(store.revoked_since(None).await.unwrap().contains(&id));
    }

    async fn sqlite() -> (tempfile::TempDir, String, SqliteStore) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db").to_str().unwrap().to_owned();
        let store = SqliteStore::open(Path::new(&path)).await.unwrap();
        (folder, path, store)
    }

    /// `tests/run` starts a server. Without it these tests have nothing to connect to.
    fn postgres() -> Option<String> {
        let url = std::env::var("TEST_POSTGRES_URL").ok();
        if url.is_none() {
            println!("NOT CHECKED: PostgreSQL, because TEST_POSTGRES_URL is not set");
        }
        url
    }

    #[tokio::test]
    async fn sqlx_0_8_and_the_store_use_one_sqlite_file() {
        let (_folder, path, store) = sqlite().await;
        let pool = sqlx::SqlitePool::connect(&format!("sqlite://{path}"))
            .await
            .unwrap();
        sqlx::raw_sql("CREATE TABLE users (name text); INSERT INTO users VALUES ('alice')")
            .execute(&pool)
            .await
            .unwrap();
        works(&store, 1).await;
        let sessions: i64 = sqlx::query_scalar("SELECT count(*) FROM tower_bearer_sessions")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(sessions, 1);
    }

    #[tokio::test]
    async fn sea_orm_and_the_store_use_one_sqlite_file() {
        let (_folder, path, store) = sqlite().await;
        let database = sea_orm::Database::connect(format!("sqlite://{path}"))
            .await
            .unwrap();
        database
            .execute_unprepared("CREATE TABLE users (name text)")
            .await
            .unwrap();
        works(&store, 1).await;
        let inserted = database
            .execute_unprepared("INSERT INTO users SELECT subject FROM tower_bearer_sessions")
            .await
            .unwrap();
        assert_eq!(inserted.rows_affected(), 1);
    }

    #[tokio::test]
    async fn diesel_and_the_store_use_one_sqlite_file() {
        let (_folder, path, store) = sqlite().await;
        let mut connection = diesel::SqliteConnection::establish(&path).unwrap();
        connection
            .batch_execute("PRAGMA busy_timeout = 5000; CREATE TABLE users (name text)")
            .unwrap();
        works(&store, 1).await;
        let inserted =
            diesel::sql_query("INSERT INTO users SELECT subject FROM tower_bearer_sessions")
                .execute(&mut connection)
                .unwrap();
        assert_eq!(inserted, 1);
    }

    /// One test, because the tables are those of one schema.
    #[tokio::test]
    async fn sqlx_0_8_sea_orm_and_tokio_postgres_use_the_server_of_the_store() {
        let Some(url) = postgres() else { return };
        let schema = format!("sqlx08_{}", std::process::id());
        let pool = sqlx::PgPool::connect(&url).await.unwrap();
        sqlx::raw_sql(&format!("CREATE SCHEMA {schema}"))
            .execute(&pool)
            .await
            .unwrap();
        let own = format!("{url}?options[search_path]={schema}");
        let store = PostgresStore::open(&own).await.unwrap();
        works(&store, 1).await;

        let count = format!("SELECT count(*) FROM {schema}.tower_bearer_sessions");
        let counted: i64 = sqlx::query_scalar(&count).fetch_one(&pool).await.unwrap();
        assert_eq!(counted, 1);
        let database = sea_orm::Database::connect(&url).await.unwrap();
        let selected = database
            .execute_unprepared(&format!("SELECT * FROM {schema}.tower_bearer_sessions"))
            .await
            .unwrap();
        assert_eq!(selected.rows_affected(), 1);
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls)
            .await
            .unwrap();
        let connection = tokio::spawn(connection);
        let counted: i64 = client.query_one(&count, &[]).await.unwrap().get(0);
        assert_eq!(counted, 1);

        let gone = format!("DROP SCHEMA {schema} CASCADE");
        sqlx::raw_sql(&gone).execute(&pool).await.unwrap();
        drop(client);
        connection.await.unwrap().unwrap();
    }
}

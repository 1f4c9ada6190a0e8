//! A password that rotates while the store is open, as with RDS IAM or Vault.

use std::str::FromStr;
use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use support::servers::{Database as _, PostgresServer};
use tokio::time::timeout;
use tower_bearer::PostgresStore;
use tower_bearer::store::{Announcements, RevocationReason, SessionStore};

use super::{execute, now, session};

/// A server that asks the role `app` for its password.
async fn server_with_passwords() -> (PostgresServer, PgConnection) {
    let server = PostgresServer::start().await;
    let mut admin = PgConnection::connect(&server.url()).await.unwrap();
    let file: String = sqlx::query_scalar("SHOW hba_file")
        .fetch_one(&mut admin)
        .await
        .unwrap();
    let rules = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256";
    for statement in [
        "CREATE ROLE app LOGIN PASSWORD 'first'".to_owned(),
        "GRANT USAGE, CREATE ON SCHEMA public TO app".to_owned(),
        format!("COPY (SELECT regexp_split_to_table('{rules}', '\n')) TO '{file}'"),
        "SELECT pg_reload_conf()".to_owned(),
    ] {
        execute(&mut admin, statement).await;
    }
    (server, admin)
}

async fn kill_connections(admin: &mut PgConnection) {
    let killed: i64 = sqlx::query_scalar(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'app'",
    )
    .fetch_one(admin)
    .await
    .unwrap();
    assert!(
        killed >= 3,
        "the pool, the pulls and the announcements have a connection each, not {killed} in all"
    );
}

async fn listening(store: &PostgresStore) -> Box<dyn Announcements> {
    store.announcements().await.unwrap().unwrap()
}

#[tokio::test]
async fn a_password_that_rotates_is_used_by_every_new_connection() {
    let (server, mut admin) = server_with_passwords().await;
    let options = PgConnectOptions::from_str(&server.url())
        .unwrap()
        .username("app");
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options.clone().password("first"))
        .await
        .unwrap();
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    store.revoked_since(None).await.unwrap();
    let mut announcements = listening(&store).await;

    for (id, password) in [(1, "second"), (2, "third")] {
        execute(&mut admin, format!("ALTER ROLE app PASSWORD '{password}'")).await;
        pool.set_connect_options(options.clone().password(password));
        kill_connections(&mut admin).await;
        let lost = timeout(PATIENCE, announcements.next()).await.unwrap();
        lost.unwrap_err();

        store.revoked_since(None).await.unwrap();
        announcements = listening(&store).await;
        let session = session(id, "user");
        store.insert(&session).await.unwrap();
        let record = RevocationReason::LoggedOut.at(now());
        assert!(store.revoke(session.id(), record).await.unwrap());
        timeout(PATIENCE, announcements.next())
            .await
            .expect("nothing is announced after the password rotated")
            .unwrap();
        let page = store.revoked_since(None).await.unwrap();
        assert!(page.contains(session.id()));
    }
}

#[tokio::test]
async fn an_old_password_is_an_error_until_the_pool_has_the_new_one() {
    let (server, mut admin) = server_with_passwords().await;
    let options = PgConnectOptions::from_str(&server.url())
        .unwrap()
        .username("app");
    let pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_with(options.clone().password("first"))
        .await
        .unwrap();
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    store.revoked_since(None).await.unwrap();
    let _announcements = listening(&store).await;
    execute(&mut admin, "ALTER ROLE app PASSWORD 'second'".to_owned()).await;
    kill_connections(&mut admin).await;
    let refused = store.revoked_since(None).await.unwrap_err().to_string();
    assert!(refused.contains("password"), "{refused}");
    assert!(!refused.contains("first"), "{refused}");
    assert!(store.announcements().await.is_err());

    pool.set_connect_options(options.password("second"));
    store.revoked_since(None).await.unwrap();
    listening(&store).await;
}

/// Far more than any of this takes.
const PATIENCE: Duration = Duration::from_secs(5);

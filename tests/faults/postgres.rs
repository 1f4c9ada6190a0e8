//! Faults of a PostgreSQL server, or of one of its connections, under a store.

use std::process::Command;
use std::time::Duration;

use sqlx::PgPool;
use support::servers::{Database, PostgresServer};
use support::wait::{LIMIT, until};
use support::{DAY, logins, settle};
use tokio::time::{Instant, timeout};
use tower_bearer::PostgresStore;
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::names::SessionId;
use tower_bearer::store::RevocationReason;
use tower_bearer::store::{Session, SessionParts, SessionStore};

fn session(id: u8) -> Session {
    let now = SystemClock.now();
    let end = now + DAY;
    Session::from_parts(SessionParts::new(
        SessionId::from_bytes([id; 16]),
        "alice".into(),
        now,
        end,
    ))
}

/// Stops the process of the server whose last statement was this one.
async fn silence(pool: &PgPool, statement: &str) {
    let found = "SELECT pid FROM pg_stat_activity \
                 WHERE query LIKE $1 AND pid <> pg_backend_pid()";
    let pid = sqlx::query_scalar(found).bind(statement).fetch_one(pool);
    let pid: i32 = pid.await.unwrap();
    let mut stop = Command::new("kill");
    stop.args(["-STOP", &pid.to_string()]);
    assert!(stop.status().unwrap().success());
}

/// A database that slows down and dies, or a firewall that forgets: nothing says that the
/// connection is gone.
#[tokio::test]
async fn a_connection_that_falls_silent_during_a_pull_keeps_no_later_pull() {
    let server = PostgresServer::start().await;
    let pool = PgPool::connect(&server.url()).await.unwrap();
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    let (ended, cursor) = (session(1), store.revoked_since(None).await.unwrap().cursor);
    silence(&pool, "%pg_snapshot_xmin%").await;

    let hung = timeout(
        Duration::from_millis(200),
        store.revoked_since(Some(cursor.clone())),
    )
    .await;
    assert!(hung.is_err(), "the connection was not the one that pulls");
    store.insert(&ended).await.unwrap();
    store
        .revoke(
            ended.id(),
            RevocationReason::LoggedOut.at(SystemClock.now()),
        )
        .await
        .unwrap();
    let page = timeout(LIMIT, store.revoked_since(Some(cursor)))
        .await
        .expect("a later pull waits")
        .unwrap();
    assert_eq!(page.ids(), [*ended.id()]);
}

/// It is the same for a connection that only listens, over which nothing else is sent.
#[tokio::test]
async fn a_connection_that_falls_silent_while_it_listens_is_an_error() {
    let server = PostgresServer::start().await;
    let pool = PgPool::connect(&server.url()).await.unwrap();
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    let mut announcements = store.announcements().await.unwrap().unwrap();
    silence(&pool, "LISTEN%").await;

    tokio::time::pause();
    let began = Instant::now();
    let next = timeout(Duration::from_secs(120), announcements.next()).await;
    next.expect("the silence is not noticed").unwrap_err();
    assert!(began.elapsed() >= Duration::from_secs(60), "it is not idle");
}

#[tokio::test]
async fn a_connection_that_listens_in_a_quiet_hour_goes_on() {
    let server = PostgresServer::start().await;
    let pool = PgPool::connect(&server.url()).await.unwrap();
    let store = PostgresStore::from_pool(pool.clone()).await.unwrap();
    let ended = session(1);
    store.insert(&ended).await.unwrap();
    let mut announcements = store.announcements().await.unwrap().unwrap();
    let next = tokio::spawn(async move { announcements.next().await });
    settle().await;

    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    let asked = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT 1' AND state = 'idle'";
    until("the server is asked", LIMIT, async || {
        let asked: i64 = sqlx::query_scalar(asked).fetch_one(&pool).await.unwrap();
        asked > 0
    })
    .await;
    assert!(!next.is_finished(), "nothing was announced");
    let record = RevocationReason::LoggedOut.at(SystemClock.now());
    store.revoke(ended.id(), record).await.unwrap();
    timeout(LIMIT, next).await.unwrap().unwrap().unwrap();
}

/// After a failover the old primary may be back, and the URL may still lead to it. What it has not
/// received does not exist for it.
#[tokio::test]
async fn a_primary_that_comes_back_as_a_standby_is_an_error() {
    let mut server = PostgresServer::start().await;
    let store = PostgresStore::open(&server.url()).await.unwrap();
    let (known, unknown) = (session(1), session(2));
    store.insert(&known).await.unwrap();
    let cursor = store.revoked_since(None).await.unwrap().cursor;

    server.kill();
    server.become_standby();
    server.start_again().await;
    for cursor in [None, Some(cursor)] {
        assert!(
            store.revoked_since(cursor).await.is_err(),
            "a standby was asked for revocations"
        );
    }
    for subject in ["alice", "nobody"] {
        let (selection, now) = (logins(subject), SystemClock.now());
        let refused = [
            store.list(&selection, now).await.err(),
            store.count(&selection, now).await.err(),
        ];
        for error in refused {
            let error = error.expect("a standby was asked for the sessions of a user");
            assert!(error.to_string().contains("standby"), "{error}");
        }
    }
    for session in [&known, &unknown] {
        assert!(
            store.find(session.id()).await.is_err(),
            "a standby was asked for a session"
        );
        assert!(
            store
                .revoke(
                    session.id(),
                    RevocationReason::LoggedOut.at(SystemClock.now())
                )
                .await
                .is_err()
        );
    }
}

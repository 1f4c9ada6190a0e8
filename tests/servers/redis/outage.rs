//! A Redis that is down, paused, full, or not to be trusted.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use support::Log;
use support::servers::{Database as _, RedisServer};
use tower_bearer::RedisStore;
use tower_bearer::store::RevocationReason;
use tower_bearer::store::SessionStore;
use tower_bearer::store::redis_driver as redis;

use super::{Database, now, session, set};

async fn comes_back(store: &RedisStore) {
    let limit = Instant::now() + Duration::from_secs(10);
    while store.find(session("user").id()).await.is_err() {
        assert!(Instant::now() < limit, "the store did not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_redis_that_is_down_fails_soon_and_comes_back_by_itself() {
    let mut server = RedisServer::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let database = Database::new(server.url()).await;
    let session = session("user");
    database.store.insert(&session).await.unwrap();
    server.kill();
    for _ in 0..3 {
        let start = Instant::now();
        database.store.find(session.id()).await.unwrap_err();
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "a Redis that is down took {:?}",
            start.elapsed()
        );
    }
    server.kill();
    server.start_again().await;
    comes_back(&database.store).await;
    assert_eq!(
        database.store.find(session.id()).await.unwrap(),
        Some(session)
    );
}

#[tokio::test]
async fn a_redis_that_is_paused_fails_soon_and_comes_back_by_itself() {
    let server = RedisServer::start(&[]).await;
    let database = Database::new(server.url()).await;
    server.pause();
    for _ in 0..2 {
        let start = Instant::now();
        database.store.insert(&session("user")).await.unwrap_err();
        database
            .store
            .announcements()
            .await
            .map(|_| ())
            .unwrap_err();
        assert!(
            start.elapsed() < Duration::from_secs(8),
            "a Redis that is paused took {:?}",
            start.elapsed()
        );
    }
    server.resume();
    comes_back(&database.store).await;
}

#[tokio::test]
async fn a_redis_that_evicts_is_refused() {
    for policy in ["allkeys-lru", "volatile-ttl"] {
        let server =
            RedisServer::start(&["--maxmemory", "100mb", "--maxmemory-policy", policy]).await;
        let refused = RedisStore::open(&server.url()).await.unwrap_err();
        let cause = refused.to_string();
        assert!(
            cause.contains("Set `maxmemory-policy noeviction`"),
            "the sentence names no cure: {cause}"
        );
    }
    let kept =
        RedisServer::start(&["--maxmemory", "100mb", "--maxmemory-policy", "noeviction"]).await;
    RedisStore::open(&kept.url()).await.unwrap();
    let unlimited = RedisServer::start(&["--maxmemory-policy", "allkeys-lru"]).await;
    RedisStore::open(&unlimited.url()).await.unwrap();
}

/// A replica that is promoted has settings of its own.
#[tokio::test]
async fn a_redis_that_evicts_after_a_failover_is_a_warning() {
    let server = RedisServer::start(&[]).await;
    let store = RedisStore::open(&server.url()).await.unwrap();
    let (log, _guard) = Log::capture();
    for policy in ["noeviction", "allkeys-lru"] {
        for command in [
            "CONFIG SET maxmemory 100mb",
            &format!("CONFIG SET maxmemory-policy {policy}"),
        ] {
            assert_eq!(server.ask(command).await, "+OK");
        }
        server.ask("CLIENT KILL TYPE normal").await;
        for _ in 0..3 {
            store.revoked_since(None).await.unwrap();
        }
        let warnings = log.take_warnings();
        let expected = usize::from(policy != "noeviction");
        assert_eq!(warnings.len(), expected, "{warnings:?}");
        for warning in warnings {
            assert!(
                warning.contains("Set `maxmemory-policy noeviction`"),
                "{warning}"
            );
        }
    }
}

/// The memory is full: logins are refused, and users who are logged in or out stay so.
#[tokio::test]
async fn a_full_redis_refuses_logins_and_forgets_nothing() {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    let first = session("user");
    database.store.insert(&first).await.unwrap();
    let ended = session("other");
    database.store.insert(&ended).await.unwrap();
    database
        .store
        .revoke(ended.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .unwrap();
    let page = database.store.revoked_since(None).await.unwrap();
    redis::cmd("CONFIG")
        .arg("SET")
        .arg("maxmemory")
        .arg("1mb")
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    database.store.insert(&session("user")).await.unwrap_err();
    assert_eq!(database.store.find(first.id()).await.unwrap(), Some(first));
    assert_eq!(
        set(database.store.revoked_since(None).await.unwrap().ids()),
        HashSet::from([*ended.id()])
    );
    assert_eq!(
        database
            .store
            .revoked_since(Some(page.cursor))
            .await
            .unwrap()
            .ids(),
        []
    );
}

#[tokio::test]
async fn no_password_is_shown() {
    let server = RedisServer::start(&[]).await;
    let mut beside = Database::new(server.url()).await.beside;
    redis::cmd("CONFIG")
        .arg("SET")
        .arg("requirepass")
        .arg("the-password")
        .exec_async(&mut beside)
        .await
        .unwrap();
    let url = server.url().replace("redis://", "redis://:the-password@");
    let shown = format!("{:?}", RedisStore::open(&url).await.unwrap());
    assert!(
        !shown.contains("the-password") && !shown.contains("127.0.0.1"),
        "{shown}"
    );

    let wrong = url.replace("the-password", "another-password");
    for url in [
        wrong,
        "redis://:another-password@[".into(),
        "http://:another-password@127.0.0.1".into(),
    ] {
        let refused = RedisStore::open(&url).await.unwrap_err();
        let cause = refused.cause();
        let shown = format!("{refused} {refused:?} {cause} {cause:?}");
        assert!(!shown.contains("another-password"), "{shown}");
    }
}

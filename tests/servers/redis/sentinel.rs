//! A server that sentinels name, and the one that takes its place.

use support::servers::{Database as _, RedisSentinel};
use support::wait::{LIMIT, until};
use tower_bearer::RedisStore;
use tower_bearer::store::SessionStore;
use tower_bearer::store::redis_driver::ConnectionAddr;
use tower_bearer::store::redis_driver::sentinel::{SentinelClientBuilder, SentinelServerType};

use super::session;

#[tokio::test]
async fn the_store_follows_the_primary_that_sentinels_name() {
    let mut servers = RedisSentinel::start().await;
    let store = RedisStore::open(&servers.url()).await.unwrap();
    assert_follows_the_primary(&mut servers, &store).await;
}

/// Kills the primary. The store has to find the server that takes its place, with its sessions.
async fn assert_follows_the_primary(servers: &mut RedisSentinel, store: &RedisStore) {
    let before = session("alice");
    store.insert(&before).await.unwrap();
    servers.are_in_step().await;
    servers.primary().kill();
    // A process that serves requests pulls each second.
    until("the other server is found", 3 * LIMIT, async || {
        store.revoked_since(None).await.is_ok()
    })
    .await;
    assert_eq!(store.find(before.id()).await.unwrap(), Some(before));
    store.insert(&session("bob")).await.unwrap();
}

#[tokio::test]
async fn the_store_follows_sentinels_with_a_password() {
    let mut servers = RedisSentinel::start().await;
    servers.require_password("the-password").await;
    RedisStore::open(&servers.url()).await.unwrap_err();
    let sentinel = servers.sentinel();
    let sentinel = ConnectionAddr::Tcp(sentinel.ip().to_string(), sentinel.port());
    let client = SentinelClientBuilder::new([sentinel], "sessions", SentinelServerType::Master)
        .unwrap()
        .set_client_to_sentinel_password("the-password")
        .build()
        .unwrap();
    let store = RedisStore::from_sentinels(client).await.unwrap();
    assert!(store.announcements().await.unwrap().is_some());
    assert_follows_the_primary(&mut servers, &store).await;
}

#[tokio::test]
async fn a_group_that_the_sentinels_do_not_know_is_an_error() {
    let servers = RedisSentinel::start().await;
    let url = servers.url().replace("/sessions", "/others");
    let error = RedisStore::open(&url).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1"), "{error}");
    for url in [
        "redis-sentinel://127.0.0.1:1",
        "redis-sentinel://127.0.0.1:1/",
    ] {
        let error = RedisStore::open(url).await.unwrap_err();
        assert!(format!("{error:?}").contains("names no group"), "{error:?}");
    }
}

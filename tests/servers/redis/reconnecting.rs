//! Connections that do not come back by themselves, and servers that became replicas: every pull
//! sees to them.

use std::time::{Duration, Instant};

use support::logins;
use support::servers::{Database as _, RedisServer};
use tower_bearer::RedisStore;
use tower_bearer::store::RevocationReason;
use tower_bearer::store::SessionStore;
use tower_bearer::store::redis_driver as redis;

use super::proxy::Proxy;
use super::{Database, now, session};

/// Does what every process does, more often.
async fn pulls_until_it_works(store: &RedisStore) {
    let limit = Instant::now() + Duration::from_secs(5);
    while store.revoked_since(None).await.is_err() {
        assert!(Instant::now() < limit, "the store did not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn set_password(database: &mut Database, password: &str) {
    redis::cmd("CONFIG")
        .arg("SET")
        .arg("requirepass")
        .arg(password)
        .exec_async(&mut database.beside)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_refused_handshake_is_tried_again() {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    set_password(&mut database, "right").await;
    let store = RedisStore::open(&server.url().replace("redis://", "redis://:right@"))
        .await
        .unwrap();
    let clone = store.clone();
    set_password(&mut database, "wrong").await;
    redis::cmd("CLIENT")
        .arg("KILL")
        .arg("TYPE")
        .arg("normal")
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    let refused = async || match store.revoked_since(None).await {
        Err(error) => error.to_string().contains("authentication"),
        Ok(_) => panic!("a connection that was killed answers"),
    };
    let limit = Instant::now() + Duration::from_secs(5);
    while !refused().await {
        assert!(Instant::now() < limit, "no handshake was refused");
    }
    set_password(&mut database, "right").await;
    pulls_until_it_works(&store).await;
    assert_eq!(
        clone.find(session("user").id()).await.unwrap(),
        None,
        "a clone of the store did not come back"
    );
}

#[tokio::test]
async fn a_connection_that_is_silent_is_replaced() {
    let server = RedisServer::start(&[]).await;
    let proxy = Proxy::to(&server.url()).await;
    let store = RedisStore::open(&proxy.url()).await.unwrap();
    let clone = store.clone();
    proxy.freeze();
    // The same call asks once more, on a new connection.
    store.revoked_since(None).await.unwrap();
    assert_eq!(
        clone.find(session("user").id()).await.unwrap(),
        None,
        "a clone of the store did not come back"
    );
}

/// A server that no longer gets new sessions, and writes nothing, says so: never that there is no
/// such session.
#[tokio::test]
async fn a_primary_that_became_a_replica_answers_nothing() {
    let (primary, server) = (RedisServer::start(&[]).await, RedisServer::start(&[]).await);
    let mut database = Database::new(server.url()).await;
    let store = database.store.clone();
    let page = store.revoked_since(None).await.unwrap();
    let port = primary.url().rsplit(':').next().unwrap().to_owned();
    redis::cmd("REPLICAOF")
        .arg("127.0.0.1")
        .arg(port)
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    store.revoked_since(None).await.unwrap_err();

    let (unknown, user) = (session("user"), logins("user"));
    store.insert(&unknown).await.unwrap_err();
    store.find(unknown.id()).await.unwrap_err();
    store.list(&user, now()).await.unwrap_err();
    store
        .replace(&super::refreshed(&unknown))
        .await
        .unwrap_err();
    store.confirm(unknown.id(), 0).await.unwrap_err();
    store
        .revoke(unknown.id(), RevocationReason::LoggedOut.at(now()))
        .await
        .unwrap_err();
    store
        .revoke_all(&user, RevocationReason::Everywhere.at(now()))
        .await
        .unwrap_err();
    store
        .assert_revoked(&[*unknown.id()], now())
        .await
        .unwrap_err();
    store.delete_expired(now()).await.unwrap_err();

    redis::cmd("REPLICAOF")
        .arg("NO")
        .arg("ONE")
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    store.find(unknown.id()).await.unwrap_err();
    let again = store.revoked_since(Some(page.cursor)).await.unwrap();
    assert!(
        again.complete,
        "no process learns that the server was a replica meanwhile"
    );
    assert_eq!(store.find(unknown.id()).await.unwrap(), None);
}

/// The name in the URL may lead to another server by now.
#[tokio::test]
async fn a_replica_is_asked_on_a_new_connection_each_time() {
    let (primary, server) = (RedisServer::start(&[]).await, RedisServer::start(&[]).await);
    let mut database = Database::new(server.url()).await;
    let port = primary.url().rsplit(':').next().unwrap().to_owned();
    redis::cmd("REPLICAOF")
        .arg("127.0.0.1")
        .arg(port)
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    let before = connections(&mut database).await;
    for pulls in 1..=3 {
        database.store.revoked_since(None).await.unwrap_err();
        assert_eq!(
            connections(&mut database).await,
            before + pulls,
            "the store stays with a replica, wherever the URL leads"
        );
    }
}

async fn connections(database: &mut Database) -> u64 {
    let stats: redis::InfoDict = redis::cmd("INFO")
        .arg("stats")
        .query_async(&mut database.beside)
        .await
        .unwrap();
    stats.get("total_connections_received").unwrap()
}

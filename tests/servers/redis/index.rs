//! The index by subject, which is hashed with a secret.

use std::collections::HashSet;

use support::logins;
use support::servers::{Database as _, RedisServer};
use tower_bearer::store::redis_driver as redis;
use tower_bearer::store::{RevocationReason, SessionStore};

use super::{Database, now, session};

/// The parts of the index that have sessions, without the prefix.
async fn parts(database: &mut Database) -> HashSet<Vec<u8>> {
    let length = "{0000}".len();
    let keys = database.keys().await.into_iter();
    let keys = keys.map(|key| key[database.prefix.len()..].to_vec());
    keys.filter(|key| key.len() == length).collect()
}

/// Otherwise they could sign up under names that are in one part with a certain user.
#[tokio::test]
async fn a_stranger_cannot_know_where_a_subject_is() {
    let (mut one, mut other) = (Database::shared().await, Database::shared().await);
    for user in ["alice", "bob", "carol"] {
        one.store.insert(&session(user)).await.unwrap();
        other.store.insert(&session(user)).await.unwrap();
    }
    assert_ne!(parts(&mut one).await, parts(&mut other).await);
    // The secret is as long as its hash.
    let mut secrets = Vec::new();
    for database in [&mut one, &mut other] {
        let secret: Vec<u8> = redis::cmd("GET")
            .arg(format!("{}{{index}}", database.prefix))
            .query_async(&mut database.beside)
            .await
            .unwrap();
        assert_eq!(secret.len(), 32);
        secrets.push(secret);
    }
    assert_ne!(secrets[0], secrets[1]);
}

#[tokio::test]
async fn processes_that_start_at_once_have_one_secret() {
    let database = Database::shared().await;
    let stores = [
        database.another_store().await,
        database.another_store().await,
        database.another_store().await,
        database.another_store().await,
    ];
    let inserts = stores.iter().map(async |store| {
        store.insert(&session("alice")).await.unwrap();
    });
    futures_util::future::join_all(inserts).await;
    for store in &stores {
        assert_eq!(store.list(&logins("alice"), now()).await.unwrap().len(), 4);
    }
}

/// Then the secret of a process is no longer the one that Redis has.
#[tokio::test]
async fn after_the_database_was_emptied_every_process_finds_every_session() {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    let there = database.another_store().await;
    for store in [&database.store, &there] {
        store.insert(&session("alice")).await.unwrap();
    }
    redis::cmd("FLUSHALL")
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    for store in [&database.store, &there] {
        store.insert(&session("alice")).await.unwrap();
    }
    for store in [&database.store, &there] {
        assert_eq!(store.list(&logins("alice"), now()).await.unwrap().len(), 2);
        assert_eq!(store.count(&logins("alice"), now()).await.unwrap(), 2);
    }
    redis::cmd("DEL")
        .arg(format!("{}{{index}}", database.prefix))
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    there.insert(&session("bob")).await.unwrap();
    let record = RevocationReason::Everywhere.at(now());
    let ended = database.store.revoke_all(&logins("bob"), record).await;
    assert_eq!(ended.unwrap().count(), 1);
}

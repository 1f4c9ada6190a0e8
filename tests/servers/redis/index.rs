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
    let mut secrets = HashSet::new();
    for database in [&mut one, &mut other] {
        let copies = copies(database).await;
        assert_eq!(copies.len(), 16);
        for copy in copies {
            let mut get = redis::cmd("GET");
            let secret: Vec<u8> = get
                .arg(copy)
                .query_async(&mut database.beside)
                .await
                .unwrap();
            // As long as its hash.
            assert_eq!(secret.len(), 32);
            secrets.insert(secret);
        }
    }
    assert_eq!(secrets.len(), 2, "copies of one secret differ");
}

/// The keys with the copies of the secret.
async fn copies(database: &mut Database) -> Vec<Vec<u8>> {
    let mut keys = database.keys().await;
    keys.retain(|key| key.ends_with(b"index"));
    keys
}

/// As when a node of a cluster comes back empty.
#[tokio::test]
async fn a_secret_of_which_copies_are_lost_is_still_that_of_all_sessions() {
    let mut database = Database::shared().await;
    database.store.insert(&session("alice")).await.unwrap();
    let mut copies = copies(&mut database).await;
    copies.truncate(15);
    redis::cmd("DEL")
        .arg(copies)
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    for store in [database.another_store().await, database.store.clone()] {
        store.insert(&session("alice")).await.unwrap();
    }
    let alice = logins("alice");
    assert_eq!(database.store.list(&alice, now()).await.unwrap().len(), 3);
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
    let copies = copies(&mut database).await;
    redis::cmd("DEL")
        .arg(copies)
        .exec_async(&mut database.beside)
        .await
        .unwrap();
    there.insert(&session("bob")).await.unwrap();
    let record = RevocationReason::Everywhere.at(now());
    let ended = database.store.revoke_all(&logins("bob"), record).await;
    assert_eq!(ended.unwrap().count(), 1);
}

//! The rights that `docs/stores.md` gives to the user of the store suffice, and are needed.

use std::time::Duration;

use support::logins;
use support::servers::{Database as _, RedisCluster, RedisServer, connect_to_redis};
use tokio::task::LocalSet;
use tokio::time::timeout;
use tower_bearer::RedisStore;
use tower_bearer::store::redis_driver as redis;
use tower_bearer::store::{
    Charge, Entry, EphemeralKey, EphemeralStore, KeyPrefix, Lane, Rate, Refund, RevocationReason,
    SessionStore,
};

use super::{Database, now, session};
use crate::docs::block;

/// The arguments of `redis-cli`, as a shell reads them.
fn rights() -> Vec<String> {
    arguments("ACL SETUSER app reset")
}

fn arguments(begin: &str) -> Vec<String> {
    let command = block("sh", begin).replace("\\\n", " ");
    let words: Vec<String> = command
        .split_whitespace()
        .map(|word| word.trim_matches('\'').to_owned())
        .collect();
    assert_eq!(words[..4], ["redis-cli", "ACL", "SETUSER", "app"]);
    words[1..].to_vec()
}

/// Each node has users of its own.
#[tokio::test]
async fn the_documented_rights_suffice_in_a_cluster() {
    let cluster = RedisCluster::start(&[]).await;
    for node in 0..6 {
        for words in [rights(), arguments("ACL SETUSER app +ping")] {
            assert_eq!(cluster.ask(node, &words.join(" ")).await, "+OK");
        }
    }
    let url = cluster.url().replace("://", "://app:secret@");
    let store = RedisStore::open(&url).await.unwrap();
    everything(&store).await.unwrap();
}

/// A user with the documented rights on the keys of one test.
async fn limited_store() -> RedisStore {
    let mut database = Database::shared().await;
    let prefix = database.prefix.clone();
    let user = format!("user-{prefix}");
    give(&mut database, &user, rights(), &prefix).await;
    RedisStore::open(&as_user(&database.url, &user))
        .await
        .unwrap()
        .with_key_prefix(KeyPrefix::new(&prefix).unwrap())
}

async fn give(database: &mut Database, user: &str, rights: Vec<String>, prefix: &str) {
    let mut command = redis::Cmd::new();
    for word in rights {
        command.arg(match word.as_str() {
            "app" => user.to_owned(),
            _ => word
                .replace("~tb", &format!("~{prefix}"))
                .replace("&tb", &format!("&{prefix}")),
        });
    }
    command.exec_async(&mut database.beside).await.unwrap();
}

fn as_user(url: &str, user: &str) -> String {
    url.replace("redis://", &format!("redis://{user}:secret@"))
}

tower_bearer::store_conformance!(limited_store);

/// Everything that the store does: `Err` says what failed.
async fn everything(store: &RedisStore) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut announcements = store.announcements().await?.ok_or("no announcements")?;
    let user = session("user");
    store.insert(&user).await?;
    store.find(user.id()).await?;
    store.replace(&super::refreshed(&user)).await?;
    store.list(&logins("user"), now()).await?;
    let record = RevocationReason::LoggedOut.at(now());
    store.revoke(user.id(), record).await?;
    timeout(Duration::from_secs(2), announcements.next()).await??;
    let page = store.revoked_since(None).await?;
    if !page.contains(user.id()) {
        return Err("not in the feed".into());
    }
    store.revoke_all(&logins("user"), record).await?;
    // The clock of the process is a week ahead: the row and its entry are old enough by it, but not
    // by the clock of Redis.
    store.insert(&session("other")).await?;
    store
        .delete_expired(now() + Duration::from_secs(7 * 24 * 3600))
        .await?;
    store
        .delete_expired(now() + Duration::from_secs(900 * 24 * 3600))
        .await?;
    let (key, lane) = (EphemeralKey::new(*b"test", [7; 16]), Lane::new(RATE, RATE));
    let entry = Entry::new(key, b"", Duration::from_secs(60));
    store.note(entry, now()).await?;
    store.put_new(entry, now()).await?;
    store.take(key, now()).await?;
    store.charge(&[Charge::new(key, lane)], now()).await?;
    store.read(&[key], now()).await?;
    let refund = Refund::new(key, RATE.period, RATE.period);
    store.give_back(&[refund], now()).await?;
    Ok(())
}

const RATE: Rate = Rate::new(1, Duration::from_secs(60));

#[tokio::test]
async fn the_documented_rights_suffice_and_each_of_them_is_needed() {
    let rights = rights();
    // Alone: the store waits for each answer only for a while.
    works_without(rights.clone(), None).await;
    let commands = rights.iter().filter(|word| word.starts_with('+')).cloned();
    let tasks = LocalSet::new();
    let all: Vec<_> = commands
        .map(|left_out| tasks.spawn_local(works_without(rights.clone(), Some(left_out))))
        .collect();
    tasks.await;
    for done in all {
        done.await.unwrap();
    }
}

/// Opens the store as a user without one of the rights.
async fn works_without(rights: Vec<String>, left_out: Option<String>) {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    let kept = rights
        .iter()
        .filter(|word| Some(*word) != left_out.as_ref())
        .cloned()
        .collect();
    give(&mut database, "app", kept, "tb").await;
    let outcome = match RedisStore::open(&as_user(&server.url(), "app")).await {
        Ok(store) => everything(&store).await,
        Err(refused) => Err(refused.into()),
    };
    assert_eq!(
        outcome.is_ok(),
        left_out.is_none(),
        "without {left_out:?}: {outcome:?}"
    );
}

#[tokio::test]
async fn the_documented_user_sees_no_keys_of_others() {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    give(&mut database, "app", rights(), "tb").await;
    let mut limited = connect_to_redis(&as_user(&server.url(), "app"))
        .await
        .unwrap();
    for command in [
        &["GET", "tbx:history"][..],
        &["GET", "theirs"],
        &["SUBSCRIBE", "tb:revoked:x"],
        &["KEYS", "*"],
        &["FLUSHALL"],
        &["CONFIG", "GET", "*"],
    ] {
        let (name, arguments) = command.split_first().unwrap();
        let answer = redis::cmd(name)
            .arg(arguments)
            .exec_async(&mut limited)
            .await;
        let refused = answer.unwrap_err().to_string();
        assert!(
            refused.contains("NOPERM") || refused.contains("permission"),
            "{refused}"
        );
    }
}

/// What operators set in `redis.conf`, and read in `INFO`, exists.
#[tokio::test]
async fn the_documented_settings_and_numbers_exist() {
    let server = RedisServer::start(&[
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
        "--maxmemory",
        "100mb",
        "--maxmemory-policy",
        "noeviction",
        "--zset-max-listpack-entries",
        "512",
    ])
    .await;
    let mut database = Database::new(server.url()).await;
    database.store.insert(&session("user")).await.unwrap();
    let info: redis::InfoDict = redis::cmd("INFO")
        .query_async(&mut database.beside)
        .await
        .unwrap();
    for number in ["used_memory", "maxmemory", "aof_last_write_status"] {
        assert!(info.contains_key(&number), "{number}");
    }
    assert_eq!(info.get("aof_last_write_status"), Some("ok".to_owned()));
}

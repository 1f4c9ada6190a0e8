//! `RedisStore` keeps every promise of `SessionStore`; and what Redis alone has to promise.

mod clean_up;
mod cluster;
mod ephemeral;
mod feed;
mod giving_back;
mod index;
mod many;
mod memory;
mod moving;
mod outage;
mod passwords;
mod proxy;
mod reconnecting;
mod repeated;
mod rights;
mod rows;
mod sentinel;

use std::collections::HashSet;
use std::time::Duration;

use support::servers::connect_to_redis;
use support::{DAY, InTurn};
use tower_bearer::RedisStore;
use tower_bearer::names::SessionId;
use tower_bearer::store::Session;
use tower_bearer::store::redis_driver::{
    self as redis, aio::ConnectionLike, aio::MultiplexedConnection,
};
use tower_bearer::store::{KeyPrefix, RevocationReason, SessionParts, SessionStore};

use crate::{now, url};

mod one_server {
    tower_bearer::store_conformance!(async || super::Database::shared().await.store);
}

/// Three primaries, each with a replica.
mod cluster_of_six_nodes {
    async fn make_store() -> tower_bearer::RedisStore {
        super::open(&super::url("TEST_REDIS_CLUSTER_URL"), &super::prefix()).await
    }

    tower_bearer::store_conformance!(make_store);
}

mod two_stores_on_one_server {
    use super::*;

    async fn make_store() -> InTurn<RedisStore> {
        let database = Database::shared().await;
        InTurn::new([database.another_store().await, database.store])
    }

    tower_bearer::store_conformance!(make_store);
}

/// A store on keys of its own, and a connection beside it.
struct Database {
    url: String,
    prefix: String,
    store: RedisStore,
    beside: MultiplexedConnection,
}

impl Database {
    async fn shared() -> Self {
        Self::new(url("TEST_REDIS_URL")).await
    }

    async fn new(url: String) -> Self {
        let prefix = prefix();
        let store = open(&url, &prefix).await;
        let beside = connect_to_redis(&url).await.unwrap();
        Self {
            url,
            prefix,
            store,
            beside,
        }
    }

    /// The store of another process.
    async fn another_store(&self) -> RedisStore {
        open(&self.url, &self.prefix).await
    }

    async fn keys(&mut self) -> Vec<Vec<u8>> {
        redis::cmd("KEYS")
            .arg(format!("{}*", self.prefix))
            .query_async(&mut self.beside)
            .await
            .unwrap()
    }

    async fn entries(&self) -> u64 {
        entries(&self.prefix, &mut self.beside.clone()).await
    }

    /// The key of the only session that there is.
    async fn only_row(&mut self) -> Vec<u8> {
        let length = self.prefix.len() + "/".len() + 16;
        let mut rows = self.keys().await;
        rows.retain(|key| key.len() == length);
        assert_eq!(rows.len(), 1, "there is another number of rows than one");
        rows.remove(0)
    }
}

/// A prefix of keys that nobody else has.
fn prefix() -> String {
    format!("t{:08x}", u32::from_be_bytes(random()))
}

async fn open(url: &str, prefix: &str) -> RedisStore {
    RedisStore::open(url)
        .await
        .unwrap()
        .with_key_prefix(KeyPrefix::new(prefix).unwrap())
}

/// The ids of a page of the feed: a revocation that takes long enters its session twice.
fn set(ids: Vec<SessionId>) -> HashSet<SessionId> {
    ids.into_iter().collect()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

fn session(subject: &str) -> Session {
    let created_at = now();
    Session::from_parts(SessionParts::new(
        SessionId::from_bytes(random()),
        subject.into(),
        created_at,
        created_at + LIFETIME,
    ))
}

/// A session that is entered into this one of the sixteen feeds when it is revoked.
fn session_of_feed(feed: u8) -> Session {
    let mut id: [u8; 16] = random();
    id[0] = feed << 4 | id[0] >> 4;
    let created_at = now();
    let id = SessionId::from_bytes(id);
    let end = created_at + LIFETIME;
    Session::from_parts(SessionParts::new(id, "user".into(), created_at, end))
}

/// Starts this session, and ends it.
async fn revoked(store: &RedisStore, session: Session) -> SessionId {
    store.insert(&session).await.unwrap();
    let record = RevocationReason::LoggedOut.at(now());
    assert!(store.revoke(session.id(), record).await.unwrap());
    *session.id()
}

/// The keys of the feeds that have entries.
async fn feeds(prefix: &str, beside: &mut impl ConnectionLike) -> Vec<String> {
    let mut keys = redis::cmd("KEYS");
    keys.arg(format!("{prefix}{{*feed"));
    keys.query_async(beside).await.unwrap()
}

/// How many entries all feeds have.
async fn entries(prefix: &str, beside: &mut impl ConnectionLike) -> u64 {
    let mut entries = 0;
    for feed in feeds(prefix, beside).await {
        let mut length = redis::cmd("XLEN");
        let length: u64 = length.arg(feed).query_async(beside).await.unwrap();
        entries += length;
    }
    entries
}

/// The row after a refresh.
fn refreshed(row: &Session) -> Session {
    let mut next = row.clone().into_parts();
    next.generation += 1;
    next.rotated_at = Some(now());
    next.confirmed = true;
    next.revision += 1;
    Session::from_parts(next)
}

const LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);

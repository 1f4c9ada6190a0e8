//! What processes give back that Redis has lost.

use futures_util::future::join_all;
use support::HOUR;
use support::servers::{Database as _, RedisServer};
use tower_bearer::names::SessionId;
use tower_bearer::store::SessionStore;
use tower_bearer::store::redis_driver as redis;

use super::{Database, now, random, set};

/// Callers give up after a while, and ask again: each time there has to be less to do.
#[tokio::test]
async fn an_assertion_that_is_cut_short_has_entered_what_it_has_looked_at() {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    let store = database.store.clone();
    let ids: Vec<SessionId> = (0..20_000)
        .map(|_| SessionId::from_bytes(random()))
        .collect();
    let quarter = async {
        while looked_at(&mut database).await < ids.len() / 4 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = store.assert_revoked(&ids, now()) => {}
        () = quarter => {}
    }
    let looked_at = looked_at(&mut database).await;
    let entered = store.revoked_since(None).await.unwrap().revoked.len();
    assert!(
        looked_at <= entered + 1000,
        "{looked_at} ids were looked at, and {entered} entered"
    );
}

/// A process gives back what the store has lost, while the feed has very many entries.
#[tokio::test]
async fn an_assertion_reads_what_was_entered_lately_and_not_the_whole_feed() {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    let an_hour_ago = now().as_millis() - HOUR.as_millis() as u64;
    let mut pipeline = redis::Pipeline::new();
    for number in 0..20_000 {
        let mut enter = redis::cmd("XADD");
        enter.arg(format!("{}{{u0}}feed", database.prefix));
        enter.arg(format!("{an_hour_ago}-{number}"));
        pipeline.add_command(enter.arg("r").arg(&random::<16>()).to_owned());
    }
    pipeline.exec_async(&mut database.beside).await.unwrap();
    let id = SessionId::from_bytes(random());
    for _ in 0..2 {
        database.store.assert_revoked(&[id], now()).await.unwrap();
    }
    let reads = calls(&mut database, "cmdstat_xrange").await;
    assert!(reads <= 4 * 16, "{reads}");
    let page = database.store.revoked_since(None).await.unwrap();
    assert_eq!(page.ids().len(), 20_001);
}

/// After a failover every process notices the same loss at once.
#[tokio::test]
async fn processes_that_give_back_the_same_sessions_enter_few_of_them_twice() {
    let server = RedisServer::start(&[]).await;
    let mut database = Database::new(server.url()).await;
    let ids: Vec<SessionId> = (0..10_000)
        .map(|_| SessionId::from_bytes(random()))
        .collect();
    let mut stores = Vec::new();
    for _ in 0..8 {
        stores.push(database.another_store().await);
    }
    let given_back = stores.iter().map(|store| store.assert_revoked(&ids, now()));
    for given_back in join_all(given_back).await {
        given_back.unwrap();
    }
    let entered = calls(&mut database, "cmdstat_xadd").await;
    assert!(entered < 2 * ids.len(), "{entered} entries");
    let page = database.store.revoked_since(None).await.unwrap();
    assert_eq!(set(page.ids()), set(ids));
}

/// Each revocation is one call of a script.
async fn looked_at(database: &mut Database) -> usize {
    calls(database, "cmdstat_evalsha").await
}

/// How often a command was called.
async fn calls(database: &mut Database, command: &str) -> usize {
    let stats: redis::InfoDict = redis::cmd("INFO")
        .arg("commandstats")
        .query_async(&mut database.beside)
        .await
        .unwrap();
    let Some(stats) = stats.get::<String>(command) else {
        return 0;
    };
    stats
        .trim_start_matches("calls=")
        .split(',')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

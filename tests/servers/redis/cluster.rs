//! What a cluster alone has to promise. `cluster_of_six_nodes` has the promises of every store.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use support::logins;
use support::servers::{Database as _, RedisCluster};
use support::wait::{LIMIT, until};
use tokio::time::timeout;
use tower_bearer::RedisStore;
use tower_bearer::store::redis_driver as redis;
use tower_bearer::store::redis_driver::cluster::ClusterClientBuilder;
use tower_bearer::store::{Announcements, RevocationReason, SessionStore};

use super::{now, revoked, session, session_of_feed};
use crate::url;

async fn dbsize(cluster: &RedisCluster, node: usize) -> usize {
    let answer = cluster.ask(node, "DBSIZE").await;
    answer.trim_start_matches(':').parse().unwrap()
}

#[tokio::test]
async fn sessions_feeds_and_index_are_spread_over_all_primaries() {
    const MANY: usize = 3000;
    let cluster = RedisCluster::start(&[]).await;
    let store = RedisStore::open(&cluster.url()).await.unwrap();
    for number in 0..MANY {
        let session = session(&format!("user-{number}"));
        store.insert(&session).await.unwrap();
        if number % 10 == 0 {
            let record = RevocationReason::LoggedOut.at(now());
            assert!(store.revoke(session.id(), record).await.unwrap());
        }
    }
    let mut sizes = Vec::new();
    for third in 0..3 {
        let (primary, _) = cluster.pair(third).await;
        sizes.push(dbsize(&cluster, primary).await);
    }
    let all: usize = sizes.iter().sum();
    println!("{sizes:?} keys");
    for size in sizes {
        assert!(
            (29 * all..38 * all).contains(&(100 * size)),
            "{size} of {all}"
        );
    }
    // Sixteen feeds, each with what was entered into it.
    let page = store.revoked_since(None).await.unwrap();
    let ids: HashSet<_> = page.ids().into_iter().collect();
    assert_eq!(ids.len(), MANY / 10);
}

#[tokio::test]
async fn an_application_brings_its_own_settings_of_a_cluster() {
    let cluster =
        RedisCluster::start(&["--user", "app", "on", ">secret", "~*", "&*", "+@all"]).await;
    let seeds = cluster.url().replace("redis-cluster://", "");
    let seeds = seeds
        .split(',')
        .map(|seed| format!("redis://app:secret@{seed}"));
    let store = RedisStore::from_cluster(ClusterClientBuilder::new(seeds)).await;
    let store = store.unwrap();
    store.insert(&session("alice")).await.unwrap();
    assert_eq!(store.list(&logins("alice"), now()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_an_error_that_names_its_seeds() {
    let url = "redis-cluster://app:hunter2@127.0.0.1:1,127.0.0.1:2";
    let error = RedisStore::open(url).await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("127.0.0.1:1,127.0.0.1:2"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

/// It answers some commands, and redirects the others.
#[tokio::test]
async fn a_node_that_is_opened_as_a_server_of_its_own_is_refused_with_the_cure() {
    let cluster = url("TEST_REDIS_CLUSTER_URL");
    let (node, _) = cluster.split_once(',').unwrap();
    let node = node.replace("redis-cluster://", "redis://");
    let client = redis::Client::open(&*node).unwrap();
    for opened in [
        RedisStore::open(&node).await,
        RedisStore::from_client(client).await,
    ] {
        let shown = opened.unwrap_err().to_string();
        assert!(shown.contains("node of a cluster"), "{shown}");
        assert!(shown.contains("redis-cluster://HOST:PORT"), "{shown}");
    }
}

#[tokio::test]
async fn a_cluster_that_evicts_is_refused_whichever_node_does() {
    let cluster = RedisCluster::start(&[]).await;
    let (primary, _) = cluster.pair(2).await;
    for (setting, value) in [("maxmemory", "100mb"), ("maxmemory-policy", "allkeys-lru")] {
        let answer = cluster
            .ask(primary, &format!("CONFIG SET {setting} {value}"))
            .await;
        assert_eq!(answer, "+OK");
    }
    let error = RedisStore::open(&cluster.url()).await.unwrap_err();
    assert!(format!("{error:?}").contains("noeviction"), "{error:?}");
}

/// Revokes a session of each feed, one after the other.
async fn each_is_announced(store: &RedisStore, announcements: &mut dyn Announcements) {
    for feed in 0..16 {
        revoked(store, session_of_feed(feed)).await;
        timeout(LIMIT, announcements.next()).await.unwrap().unwrap();
    }
}

/// Redis 6 has no shards, and `rename-command` takes them away from a later one.
#[tokio::test]
async fn announcements_come_with_shards_and_without() {
    let without = [
        "--rename-command",
        "SPUBLISH",
        "",
        "--rename-command",
        "SSUBSCRIBE",
        "",
    ];
    for (settings, shards) in [(&[][..], 16), (&without, 0)] {
        let cluster = RedisCluster::start(settings).await;
        let here = RedisStore::open(&cluster.url()).await.unwrap();
        let there = RedisStore::open(&cluster.url_of([1])).await.unwrap();
        let mut announcements = there.announcements().await.unwrap().unwrap();
        let mut listened = 0;
        for node in 0..6 {
            let channels = cluster.ask(node, "PUBSUB SHARDCHANNELS").await;
            listened += channels.matches("}revoked").count();
        }
        assert_eq!(listened, shards);
        each_is_announced(&here, &mut *announcements).await;
    }
}

/// Each refusal is a line in `ACL LOG`.
#[tokio::test]
async fn a_user_that_may_not_announce_to_shards_tries_it_once() {
    let rights = ["~*", "&*", "+@all", "-spublish", "-ssubscribe"];
    let user = ["--user", "app", "on", ">secret"];
    let cluster = RedisCluster::start(&[&user[..], &rights].concat()).await;
    let url = cluster.url().replace("://", "://app:secret@");
    let store = RedisStore::open(&url).await.unwrap();
    let mut announcements = store.announcements().await.unwrap().unwrap();
    each_is_announced(&store, &mut *announcements).await;
    let mut refused = 0;
    for node in 0..6 {
        let stats = cluster.ask(node, "INFO commandstats").await;
        let stats = stats
            .lines()
            .find(|line| line.starts_with("cmdstat_spublish"));
        let count = stats.and_then(|line| line.split("rejected_calls=").nth(1));
        let count = count.and_then(|rest| rest.split(',').next());
        refused += count.map_or(0, |count| count.parse::<usize>().unwrap());
    }
    assert_eq!(refused, 1);
}

/// Elsewhere it would end the hosts.
#[tokio::test]
async fn a_password_with_a_slash_is_written_with_percent_2f() {
    let user = ["--user", "app", "on", ">se/cret", "~*", "&*", "+@all"];
    let cluster = RedisCluster::start(&user).await;
    let url = cluster.url().replace("://", "://app:se%2Fcret@");
    RedisStore::open(&url).await.unwrap();
    for url in [
        "redis-cluster://app:se/cret@127.0.0.1:1,127.0.0.1:2",
        "redis-cluster://app:se?cret@127.0.0.1:1,127.0.0.1:2",
        "redis-cluster://app:se#cret@127.0.0.1:1,127.0.0.1:2",
        "redis-sentinel://app:se/cret@127.0.0.1:1,127.0.0.1:2/group",
    ] {
        let shown = RedisStore::open(url).await.unwrap_err().to_string();
        assert!(shown.contains("`%2F`"), "{shown}");
        assert!(!shown.contains("cret"), "{shown}");
    }
}

#[tokio::test]
async fn announcements_come_again_after_a_failover() {
    let mut cluster = RedisCluster::start(RedisCluster::GIVES_UP_SOON).await;
    let here = RedisStore::open(&cluster.url()).await.unwrap();
    let there = RedisStore::open(&cluster.url()).await.unwrap();
    let mut announcements = there.announcements().await.unwrap().unwrap();
    let (primary, replica) = cluster.pair(0).await;
    cluster.node(primary).kill();
    cluster.takes_over(replica).await;
    // The end of the subscription is told, so that its caller pulls and subscribes again.
    timeout(LIMIT, async { while announcements.next().await.is_ok() {} })
        .await
        .unwrap();
    until("pulls work again", LIMIT, async || {
        there.revoked_since(None).await.is_ok() && here.revoked_since(None).await.is_ok()
    })
    .await;
    let mut announcements = there.announcements().await.unwrap().unwrap();
    each_is_announced(&here, &mut *announcements).await;
}

/// A node tells subscribers that a slot has left it, which is not an answer to a command.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_session_is_its_own_while_the_slots_of_feeds_move() {
    let cluster = RedisCluster::start(&[]).await;
    let store = RedisStore::open(&cluster.url()).await.unwrap();
    let mut announcements = store.announcements().await.unwrap().unwrap();
    let mut sessions = Vec::new();
    for number in 0..64 {
        let session = session(&format!("user-{number}"));
        store.insert(&session).await.unwrap();
        sessions.push(session);
    }
    let over = AtomicBool::new(false);
    let look = async {
        while !over.load(Ordering::Relaxed) {
            let finds = sessions.iter().map(async |session| {
                let found = store.find(session.id()).await.unwrap();
                assert_eq!(found.as_ref(), Some(session));
            });
            join_all(finds).await;
        }
    };
    let moving = async {
        for _ in 0..3 {
            let [(a, _), (b, _)] = [cluster.pair(0).await, cluster.pair(1).await];
            cluster.move_slot(511, a, b).await;
            cluster.move_slot(511, b, a).await;
        }
        over.store(true, Ordering::Relaxed);
    };
    tokio::join!(look, moving);
    timeout(LIMIT, async { while announcements.next().await.is_ok() {} })
        .await
        .unwrap();
}

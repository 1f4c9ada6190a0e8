//! A cluster of Redis: over one read and one conditional write by the same driver, and over one
//! server, without the disk that all of them share.

use std::sync::Arc;

use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncCommands, Client, Script};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tower_bearer::{Identity, RedisStore};

use super::clients::compare;
use super::redis::read_and_write;
use crate::kind::Kind;
use crate::peers::sessions::{Site, refresh_token};
use crate::table::Goal::{self, AtLeast};
use crate::table::Table;

pub fn rows(table: &Table) {
    for clients in [8, 32] {
        let name = format!("redis_cluster_{clients}_clients_rate");
        row(table, &name, AtLeast(0.4), async |cluster, _| {
            over_bare_calls(&cluster, clients, table.rounds(15, 5)).await
        });
        let name = format!("redis_cluster_{clients}_clients_over_one_server");
        row(table, &name, Goal::Told, async |cluster, one| {
            over_one_server(&cluster, &one, clients, table.rounds(15, 5)).await
        });
    }
}

fn row(table: &Table, name: &str, goal: Goal, ratio: impl AsyncFnOnce(String, String) -> f64) {
    if !table.wants(name) {
        return;
    }
    let urls = ["BENCH_REDIS_CLUSTER_URL", "BENCH_REDIS_URL"].map(std::env::var);
    match urls {
        [Ok(cluster), Ok(one)] => table.row(name, goal, || {
            Handle::current().block_on(ratio(cluster, one))
        }),
        _ => table.skip(name, "BENCH_REDIS_CLUSTER_URL names no nodes"),
    }
}

async fn over_bare_calls(url: &str, clients: usize, rounds: usize) -> f64 {
    let connection = nodes(url).await;
    for client in 0..clients {
        let mut connection = connection.clone();
        let set = connection.set::<_, _, ()>(super::redis::key(client), [0_u8; 64].as_slice());
        set.await.expect("the cluster answers");
    }
    let script = Arc::new(Script::new(super::redis::WRITES_IF_UNCHANGED));
    let bare = move |client| read_and_write(connection.clone(), Arc::clone(&script), client);
    let store = RedisStore::open(url).await.expect("a store");
    compare(rounds, clients, store, bare).await.rate
}

async fn over_one_server(cluster: &str, one: &str, clients: usize, rounds: usize) -> f64 {
    let store = RedisStore::open(one).await.expect("a store");
    let site = Arc::new(Site::with_store(Kind::Hs256, store));
    let mut tokens = Vec::new();
    for client in 0..clients {
        let login = site.sessions.start(Identity::new(client as i64)).await;
        let token = refresh_token(&login.expect("the store works"));
        tokens.push(Mutex::new(Some(token)));
    }
    let tokens = Arc::new(tokens);
    let refresh = move |client: usize| {
        let (site, tokens) = (Arc::clone(&site), Arc::clone(&tokens));
        async move {
            let mut token = tokens[client].lock().await;
            let old = token.take().expect("one call at a time");
            let new = site.sessions.refresh(old).await.expect("the store works");
            *token = Some(refresh_token(&new));
        }
    };
    let store = RedisStore::open(cluster).await.expect("a store");
    let before = fsync(cluster, one, None).await;
    let compared = compare(rounds, clients, store, refresh).await;
    fsync(cluster, one, Some(before)).await;
    compared.rate
}

/// Lets the servers wait for their disk as they are told, or not at all, and returns how they did
/// before. They share one disk here, and three that wait for it together have waited a tenth as
/// long as one alone.
async fn fsync(cluster: &str, one: &str, policy: Option<String>) -> String {
    let one = Client::open(one).expect("a URL");
    let one = one.get_multiplexed_async_connection().await;
    let mut one = one.expect("the server answers");
    let get = redis::cmd("CONFIG").arg("GET").arg(FSYNC).to_owned();
    let before: (String, String) = get.query_async(&mut one).await.expect("an answer");
    let mut set = redis::cmd("CONFIG");
    set.arg("SET")
        .arg(FSYNC)
        .arg(policy.as_deref().unwrap_or("no"));
    set.exec_async(&mut one).await.expect("an answer");
    // The driver sends this to all nodes.
    set.exec_async(&mut nodes(cluster).await)
        .await
        .expect("an answer");
    before.1
}

async fn nodes(url: &str) -> ClusterConnection {
    let seeds = url.trim_start_matches("redis-cluster://").split(',');
    let client = ClusterClient::new(seeds.map(|seed| format!("redis://{seed}")));
    let connection = client.expect("seeds").get_async_connection().await;
    connection.expect("the cluster answers")
}

const FSYNC: &str = "appendfsync";

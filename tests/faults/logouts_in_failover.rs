//! A logout on one node, felt on another while a replica replaces its primary.
//!
//! The other node cannot read the feeds of a primary that is gone. It needs the time until the
//! replica is the primary, which is longer than the node timeout, and then its next pull. An
//! announcement may not arrive sooner, as the subscription has to begin again too.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::Value;
use support::app_server::AppServer;
use support::servers::{Database, RedisCluster, RedisServer};
use support::wait::{LIMIT, until};
use tokio::time::sleep;

use crate::logouts::PULLED;
use crate::site::{Site, log_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_while_a_primary_is_dead_is_felt_soon_after_the_failover() {
    let mut cluster = RedisCluster::start(RedisCluster::GIVES_UP_SOON).await;
    is_felt("a primary is dead", &mut cluster, RedisServer::kill).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_while_a_primary_hangs_is_felt_soon_after_the_failover() {
    let mut cluster = RedisCluster::start(RedisCluster::GIVES_UP_SOON).await;
    is_felt("a primary hangs", &mut cluster, |node| node.pause()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_that_nobody_announces_is_felt_soon_after_a_failover() {
    let mut cluster = RedisCluster::start(RedisCluster::GIVES_UP_SOON).await;
    cluster.announces_nothing().await;
    is_felt("unannounced", &mut cluster, |node| node.pause()).await;
}

/// Half of the logouts are felt in twice the time that a pull may need, since the machine is busy
/// with the failover. It is counted from the answer to the logout, or from the end of the failover
/// if that is later.
async fn is_felt(name: &str, cluster: &mut RedisCluster, fail: fn(&mut RedisServer)) {
    let site = Site::on(cluster.url());
    let [here, there] = site.two_servers().await;
    let leaving = log_in(&here, TRIES).await;
    for tokens in &leaving {
        assert_eq!(there.me(tokens).await.status, 200);
    }
    let (primary, replica) = cluster.pair(0).await;
    let began = Instant::now();
    fail(cluster.node(primary));
    let felt = leaving.iter().zip(0..).map(async |(tokens, number)| {
        sleep(APART * number).await;
        leaves(&here, tokens).await;
        let left = Instant::now();
        until("the logout is felt", 2 * LIMIT, async || {
            there.me(tokens).await.status == 401
        })
        .await;
        (left, Instant::now())
    });
    let (felt, replaced) = tokio::join!(join_all(felt), async {
        cluster.takes_over(replica).await;
        Instant::now()
    });
    // Zero for one that is felt before this test sees the end of the failover.
    let taken = felt
        .iter()
        .map(|(left, felt)| felt.saturating_duration_since(replaced.max(*left)));
    let mut taken: Vec<Duration> = taken.collect();
    taken.sort();
    let (median, worst, needed) = (taken[TRIES / 2], taken[TRIES - 1], replaced - began);
    println!("{name}, replaced after {needed:?}: a logout takes {median:?}, at worst {worst:?}");
    assert!(median < 2 * PULLED, "{taken:?}");
}

/// Logs out, and tries again as long as that is a 503. An election may take as long as `LIMIT`.
async fn leaves(server: &AppServer, tokens: &Value) {
    until("a logout works", 2 * LIMIT, async || {
        let answer = server.log_out(tokens).await;
        assert!([200, 503].contains(&answer.status), "{answer:?}");
        answer.status == 200
    })
    .await;
}

/// They begin one after the other, for a time in which the replica takes over.
const TRIES: usize = 21;
const APART: Duration = Duration::from_millis(300);

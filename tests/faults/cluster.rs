//! A cluster of six nodes that loses nodes and moves slots, in a storm of refreshes and logouts.

use std::sync::Arc;

use serde_json::Value;
use support::app_server::AppServer;
use support::servers::{Database, RedisCluster, slots};
use support::wait::{LIMIT, until};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::kills::log_out;
use crate::site::{Site, assert_in, assert_out, hears_of_the_logout, log_in};
use crate::storm::Storm;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_is_killed_logs_nobody_out_and_revives_nobody() {
    let mut cluster = RedisCluster::start(RedisCluster::GIVES_UP_SOON).await;
    let mut site = Calm::on(&cluster.url()).await;
    let storm = site.storm().await;
    for third in [0, 2] {
        let leaving = site.begin_to_leave(LEAVING).await;
        storm.rotates(CLIENTS).await;
        let (primary, replica) = cluster.pair(third).await;
        cluster.node(primary).kill();
        cluster.takes_over(replica).await;
        storm.rotates(CLIENTS).await;
        site.have_left(leaving).await;
        cluster.node(primary).start_again().await;
        cluster.sees_all(primary).await;
    }
    site.end("a primary is killed", storm).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_hangs_and_comes_back_as_a_replica_logs_nobody_out() {
    let mut cluster = RedisCluster::start(RedisCluster::GIVES_UP_SOON).await;
    let mut site = Calm::on(&cluster.url()).await;
    let storm = site.storm().await;
    let leaving = site.begin_to_leave(LEAVING).await;
    storm.rotates(CLIENTS).await;
    let (primary, replica) = cluster.pair(1).await;
    cluster.node(primary).pause();
    cluster.takes_over(replica).await;
    storm.rotates(2 * CLIENTS).await;
    cluster.node(primary).resume();
    storm.rotates(2 * CLIENTS).await;
    site.have_left(leaving).await;
    site.end("a primary hangs", storm).await;
}

/// Rows, feeds and the index among them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_move_under_load_log_nobody_out() {
    let cluster = RedisCluster::start(&[]).await;
    let mut site = Calm::on(&cluster.url()).await;
    let storm = site.storm().await;
    let leaving = site.begin_to_leave(LEAVING).await;
    storm.rotates(CLIENTS).await;
    let [from, to, other] = [
        cluster.pair(0).await,
        cluster.pair(1).await,
        cluster.pair(2).await,
    ];
    for slot in slots(0).step_by(8) {
        cluster.move_slot(slot, from.0, to.0).await;
    }
    // The feed of `u0`.
    cluster.move_slot(511, from.0, other.0).await;
    storm.rotates(CLIENTS).await;
    site.have_left(leaving).await;
    site.end("slots move", storm).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seeds_that_are_gone_do_not_matter_while_one_of_them_is_there() {
    let mut cluster = RedisCluster::start(RedisCluster::GIVES_UP_SOON).await;
    let [(_, gone), (_, there)] = [cluster.pair(0).await, cluster.pair(1).await];
    cluster.node(gone).kill();
    let mut site = Calm::on(&cluster.url_of([gone, there])).await;
    let storm = site.storm().await;
    storm.rotates(CLIENTS).await;
    // Both seeds are gone: what is connected goes on.
    cluster.node(there).kill();
    let leaving = site.begin_to_leave(LEAVING).await;
    storm.rotates(CLIENTS).await;
    site.have_left(leaving).await;
    cluster.node(there).start_again().await;
    site.end("a seed is gone", storm).await;
}

/// Sessions that log out. Those whose logout was acknowledged come out of the channel.
struct Leaving {
    left: mpsc::UnboundedReceiver<Value>,
    task: JoinHandle<()>,
}

/// An application of two servers, of whose sessions some are logged out.
struct Calm {
    site: Site,
    servers: [Arc<AppServer>; 2],
    out: Vec<Value>,
}

impl Calm {
    async fn on(url: &str) -> Self {
        let site = Site::on(url.to_owned()).that_rotates_every_second();
        let servers = site.two_servers().await;
        Self {
            site,
            servers,
            out: Vec::new(),
        }
    }

    async fn storm(&self) -> Storm {
        Storm::start(&self.servers, log_in(&self.servers[1], CLIENTS).await)
    }

    /// Some sessions begin to log out, one after the other.
    async fn begin_to_leave(&self, sessions: usize) -> Leaving {
        until("logins work", LIMIT, async || {
            self.servers[0].log_in("alice", "wonderland-7").await.status == 200
        })
        .await;
        let leaving = log_in(&self.servers[0], sessions).await;
        let (sender, left) = mpsc::unbounded_channel();
        let task = tokio::spawn(log_out(Arc::clone(&self.servers[1]), leaving, sender));
        Leaving { left, task }
    }

    /// Waits until all have tried, and notes those whose logout was acknowledged.
    async fn have_left(&mut self, mut leaving: Leaving) {
        while let Some(tokens) = leaving.left.recv().await {
            self.out.push(tokens);
        }
        leaving.task.await.unwrap();
    }

    /// Ends the storm. Its sessions are still in, and those that left are out, on the servers that
    /// saw it all and on a new one.
    async fn end(self, name: &str, storm: Storm) {
        let (sessions, _) = storm.end(name).await;
        assert_eq!(sessions.len(), CLIENTS);
        assert!(!self.out.is_empty(), "nobody was logged out");
        let new = self.site.server().await;
        for tokens in &self.out {
            // It answered the logout.
            assert_out(&self.servers[1], tokens).await;
            for server in [&self.servers[0], &new] {
                // Redis may have lost it: then the servers that know of it tell it again. And it is
                // not announced while no seed is there.
                hears_of_the_logout(server, tokens).await;
                assert_out(server, tokens).await;
            }
        }
        for tokens in &sessions {
            let renewed = assert_in(&new, tokens).await;
            assert_in(&self.servers[0], &renewed).await;
        }
    }
}

const CLIENTS: usize = 16;
const LEAVING: usize = 30;

//! A cluster that is cut in two: a primary, and the replica of another one, are the minority.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::Value;
use support::Received;
use support::app_server::AppServer;
use support::servers::{Host, Network, RedisCluster};
use support::wait::{LIMIT, until};

use crate::refusing::Refusing;
use crate::rows::Rows;
use crate::site::{
    Site, assert_in, assert_out, has_to_log_in_again, hears_of_the_logout, log_in, refuses_writes,
};
use crate::storm::Storm;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minority_that_all_servers_still_reach_logs_nobody_out_and_revives_nobody() {
    let Some(network) = Network::new() else {
        return;
    };
    let parted = Parted::begin(&network, [&Host::LOOPBACK; 2]).await;
    let (lost, come) = parted.heal("all reach the minority").await;
    // The minority has a third of the rows. A slow machine may have begun only a few sessions.
    assert!(lost > 0 || come < 20, "lost {lost} of {come}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minority_with_a_server_of_its_own_answers_503_and_its_logouts_are_told_later() {
    let Some(network) = Network::new() else {
        return;
    };
    let parted = Parted::begin(&network, network.hosts()).await;
    parted.refuses_writes().await;
    parted.heal("a server in the minority").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minority_without_servers_loses_nothing() {
    let Some(network) = Network::new() else {
        return;
    };
    let [_, many] = network.hosts();
    let parted = Parted::begin(&network, [many; 2]).await;
    let (lost, _) = parted.heal("no server in the minority").await;
    assert_eq!(lost, 0);
}

/// An application of two servers, whose cluster is cut in two.
struct Parted<'a> {
    servers: [Arc<AppServer>; 2],
    storm: Storm,
    site: Site,
    cluster: RedisCluster,
    network: &'a Network,
    /// The sessions that the first server has logged out since the cut, and those that it began.
    out: Vec<Value>,
    come: Vec<Value>,
}

impl<'a> Parted<'a> {
    /// Cuts, and waits until the minority has given up and the majority has replaced its primary.
    async fn begin(network: &'a Network, at: [&Host; 2]) -> Self {
        let [few, many] = network.hosts();
        let cluster = RedisCluster::start_on([few, many, many, many, few, many], &[]).await;
        let site = Site::on(cluster.url()).that_rotates_every_second();
        let servers: [Arc<AppServer>; 2] =
            tokio::join!(site.server_on(at[0]), site.server_on(at[1])).into();
        let leaving = log_in(&servers[0], LEAVING).await;
        let storm = Storm::start(&servers, log_in(&servers[1], CLIENTS).await);
        storm.rotates(CLIENTS).await;
        for third in 0..3 {
            let pair = (third, third + 3);
            assert_eq!(cluster.pair(third).await, pair, "the primaries changed");
        }

        network.cut();
        let (out, come) = tokio::join!(
            join_all(
                leaving
                    .into_iter()
                    .map(|tokens| leaves(&servers[0], tokens))
            ),
            join_all((0..COMING_AT_ONCE).map(|_| comes(&servers[0]))),
        );
        // Only now, so that a slow machine has the time to acknowledge them.
        cluster.gives_up_soon().await;
        cluster.gives_up(OLD).await;
        cluster.takes_over(NEW).await;
        Self {
            servers,
            storm,
            site,
            cluster,
            network,
            out: out.into_iter().flatten().collect(),
            come: come.concat(),
        }
    }

    /// Asserts that the first server refuses writes, and says when to try again.
    async fn refuses_writes(&self) {
        let acknowledged = self.out.first();
        let tokens = acknowledged.expect("the minority acknowledged no logout before it gave up");
        refuses_writes(&self.servers[0], tokens, tokens).await;
    }

    /// Waits while the cluster is cut, heals it, and asserts that everything is as it was
    /// acknowledged, except for the logins that were lost. Returns their number, and that of all
    /// logins since the cut.
    async fn heal(self, name: &str) -> (usize, usize) {
        let [here, there] = &self.servers;
        let refusing = Refusing::start(here, &self.out);
        self.storm.rotates(2 * CLIENTS).await;
        let (old, new) = (
            Rows::of(&self.cluster, OLD).await,
            Rows::of(&self.cluster, NEW).await,
        );
        let is_lost = |tokens: &Value| old.has(tokens) && !new.has(tokens);
        self.network.heal();
        self.cluster.gives_up_late().await;
        self.cluster.follows(OLD).await;
        self.cluster.sees_all(OLD).await;
        self.storm.rotates(2 * CLIENTS).await;
        let (stay, _) = self.storm.end(name).await;
        assert_eq!(stay.len(), CLIENTS);
        refusing.end().await;

        for server in [here, there] {
            until("logins work", LIMIT, async || {
                server.log_in("alice", "wonderland-7").await.status == 200
            })
            .await;
        }
        let later = self.site.server().await;
        // The last one knows of the logouts by itself, and a refresh there would tell the store.
        for server in [&later, there, here] {
            for tokens in &self.out {
                hears_of_the_logout(server, tokens).await;
                assert_out(server, tokens).await;
            }
            for tokens in &stay {
                assert_in(server, tokens).await;
            }
            for tokens in &self.come {
                match is_lost(tokens) {
                    true => has_to_log_in_again(server, tokens).await,
                    false => drop(assert_in(server, tokens).await),
                }
            }
        }
        let lost = self.come.iter().filter(|tokens| is_lost(tokens)).count();
        let (come, out) = (self.come.len(), self.out.len());
        let [first, second] = [here, there].map(|server| told(server));
        println!("{name}: lost {lost} of {come} logins");
        println!("{name}: of {out} logouts {first} and {second} were told again");
        (lost, come)
    }
}

/// Logs out, and returns the tokens if that was acknowledged.
async fn leaves(server: &AppServer, tokens: Value) -> Option<Value> {
    is_done(&server.log_out(&tokens).await).then_some(tokens)
}

/// Logs in again and again, until that is refused.
async fn comes(server: &AppServer) -> Vec<Value> {
    let mut come = Vec::new();
    while come.len() < COMING {
        let answer = server.log_in("alice", "wonderland-7").await;
        if !is_done(&answer) {
            break;
        }
        come.push(answer.value());
    }
    come
}

fn is_done(answer: &Received) -> bool {
    assert!([200, 503].contains(&answer.status), "{answer:?}");
    answer.status == 200
}

/// The revocations that a server told the store again.
fn told(server: &AppServer) -> usize {
    let log = server.log();
    let lines = log
        .iter()
        .filter(|line| line.contains("had lost revocations"));
    lines
        .map(|line| {
            let count = line.split("revocations=").nth(1).unwrap();
            count.split(' ').next().unwrap().parse::<usize>().unwrap()
        })
        .sum()
}

/// The primary in the minority, and its replica, which is in the majority.
const OLD: usize = 0;
const NEW: usize = 3;
const CLIENTS: usize = 12;
/// One in ten has both its row and its feed in the minority. With the clients they are as many as a
/// user may have.
const LEAVING: usize = 100 - CLIENTS;
/// More attempts of one user at once would be 429.
const COMING_AT_ONCE: usize = 4;
const COMING: usize = 8;

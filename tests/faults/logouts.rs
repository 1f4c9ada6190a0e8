//! A logout on one node, felt on another.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::app_server::AppServer;
use support::servers::{Database, PostgresServer, RedisCluster, RedisServer};
use support::wait::{LIMIT, until};

use crate::site::{Site, assert_out, log_in};

#[tokio::test]
async fn a_logout_on_one_node_is_refused_on_another_at_once_over_postgres() {
    let database = PostgresServer::start().await;
    is_felt_within(ANNOUNCED, "PostgreSQL", &Site::on(database.url())).await;
}

#[tokio::test]
async fn a_logout_on_one_node_is_refused_on_another_at_once_over_redis() {
    let database = RedisServer::start(&[]).await;
    is_felt_within(ANNOUNCED, "Redis", &Site::on(database.url())).await;
}

#[tokio::test]
async fn a_logout_on_one_node_is_refused_on_another_at_once_over_a_cluster_of_redis() {
    let cluster = RedisCluster::start(&[]).await;
    is_felt_within(ANNOUNCED, "a cluster", &Site::on(cluster.url())).await;
}

/// No user may publish or subscribe.
#[tokio::test]
async fn a_logout_that_is_not_announced_is_refused_on_another_node_within_a_second_and_a_half() {
    let cluster = RedisCluster::start(&[]).await;
    cluster.announces_nothing().await;
    let there = is_felt_within(PULLED, "a silent cluster", &Site::on(cluster.url())).await;
    assert!(there.has_said("announcements do not arrive"));
}

#[tokio::test]
async fn a_logout_on_one_node_is_refused_on_another_within_a_second_and_a_half_over_sqlite() {
    is_felt_within(PULLED, "SQLite", &Site::on_sqlite()).await;
}

#[tokio::test]
async fn a_logout_is_refused_by_a_server_that_is_started_again() {
    let (postgres, redis) = (PostgresServer::start().await, RedisServer::start(&[]).await);
    for site in [
        Site::on(postgres.url()),
        Site::on(redis.url()),
        Site::on_sqlite(),
    ] {
        let server = site.server().await;
        let tokens = log_in(&server, 1).await.remove(0);
        assert_eq!(server.log_out(&tokens).await.status, 200);
        server.kill();
        let again = site.server().await;
        assert_out(&again, &tokens).await;
    }
}

/// Returns the other node.
async fn is_felt_within(limit: Duration, name: &str, site: &Site) -> Arc<AppServer> {
    let [here, there] = site.two_servers().await;
    let mut taken = Vec::new();
    for tokens in log_in(&here, TRIES).await {
        assert_eq!(there.me(&tokens).await.status, 200);
        assert_eq!(here.log_out(&tokens).await.status, 200);
        taken.push(until_refused(&there, &tokens).await);
    }
    // Pulls are a second apart where nothing announces a logout, and each try but the first begins
    // just after a pull: most would take almost a second. The machine is shared with whatever else
    // runs, so that one try may wait for the processor.
    taken.sort();
    let median = taken[TRIES / 2];
    println!("a logout over {name} takes {median:?}, of {taken:?}");
    assert!(median < limit, "{taken:?}");

    let all = log_in(&here, 3).await;
    let bearer = format!(
        "authorization: Bearer {}",
        all[0]["access_token"].as_str().unwrap()
    );
    assert_eq!(there.me(&all[2]).await.status, 200);
    assert_eq!(
        here.send("POST", "/auth/logout-everywhere", &[&bearer], "")
            .await
            .status,
        200
    );
    let began = Instant::now();
    for tokens in &all {
        until_refused(&there, tokens).await;
    }
    println!(
        "a logout everywhere over {name} takes {:?}",
        began.elapsed()
    );
    there
}

/// Returns the time from the answer to the logout until the refusal.
async fn until_refused(there: &Arc<AppServer>, tokens: &Value) -> Duration {
    until("the logout is felt", LIMIT, async || {
        match there.me(tokens).await.status_and_value() {
            (200, _) => false,
            (401, refused) => refused["reason"] == "session_revoked",
            (status, answer) => panic!("{status} {answer}"),
        }
    })
    .await
}

const TRIES: usize = 7;
/// Less than half of the time between two pulls.
const ANNOUNCED: Duration = Duration::from_millis(400);
pub(crate) const PULLED: Duration = Duration::from_millis(1500);

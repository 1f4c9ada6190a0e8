//! A primary of a cluster that dies with acknowledged writes, which its replica never received.

use serde_json::Value;
use support::servers::{Database, RedisCluster};
use support::wait::{LIMIT, until};

use crate::refusing::Refusing;
use crate::rows::Rows;
use crate::site::{Site, assert_in, assert_out, has_to_log_in_again, hears_of_the_logout, log_in};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_die_with_a_primary_log_out_only_those_who_logged_in_lately() {
    let mut cluster = RedisCluster::start(&[]).await;
    let site = Site::on(cluster.url());
    let [here, there] = site.two_servers().await;
    let (stay, leave) = (log_in(&here, SESSIONS).await, log_in(&here, SESSIONS).await);
    let (primary, replica) = cluster.pair(0).await;
    cluster.stop_replication(primary).await;

    let mut renewed = Vec::new();
    for tokens in &stay {
        renewed.push(assert_in(&here, tokens).await);
    }
    let come = log_in(&here, SESSIONS).await;
    for tokens in &leave {
        assert_eq!(here.log_out(tokens).await.status, 200);
        hears_of_the_logout(&there, tokens).await;
    }
    let (had, kept) = (
        Rows::of(&cluster, primary).await,
        Rows::of(&cluster, replica).await,
    );
    let on_primary = |sessions: &[Value]| sessions.iter().filter(|one| had.has(one)).count();
    let (rotations, logouts) = (on_primary(&renewed), on_primary(&leave));
    let is_lost = |tokens: &Value| had.has(tokens) && !kept.has(tokens);
    // They logged in before.
    assert!(!stay.iter().chain(&leave).any(is_lost), "too much is lost");
    let logins = come.iter().filter(|one| is_lost(one)).count();
    println!("lost of {SESSIONS} each: {rotations} rotations, {logouts} logouts, {logins} logins");
    assert!(rotations > 0 && logouts > 0 && logins > 0);

    // The process that heard of the logouts first is gone, too.
    here.kill();
    cluster.gives_up_soon().await;
    cluster.node(primary).kill();
    let refusing = Refusing::start(&there, &leave);
    cluster.takes_over(replica).await;
    cluster.gives_up_late().await;
    for tokens in &renewed {
        until("its row is there", LIMIT, async || {
            there.refresh(tokens).await.status != 503
        })
        .await;
    }
    let new = site.server().await;
    // The last one knows of the logouts by itself, and a refresh there would tell the store.
    for server in [&new, &there] {
        for tokens in &leave {
            hears_of_the_logout(server, tokens).await;
            assert_out(server, tokens).await;
        }
        for tokens in &renewed {
            assert_in(server, tokens).await;
        }
        for tokens in &come {
            match is_lost(tokens) {
                true => has_to_log_in_again(server, tokens).await,
                false => drop(assert_in(server, tokens).await),
            }
        }
    }
    refusing.end().await;
}

/// A third of them is on each primary.
const SESSIONS: usize = 30;

//! Many processes on one cluster: what the servers do, and when a logout is felt by all.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tower_bearer::{Identity, RedisStore, Secret};

use super::crowd::Crowd;
use super::nodes::Nodes;
use super::{SECOND, number, process};

pub(super) async fn print(url: &str) {
    let mut nodes = Nodes::connect(url).await;
    let secret = Secret::random().unwrap();
    for announced in [false, true] {
        let others = nodes.field("clients", "connected_clients").await;
        let crowd = Crowd::start(url, &secret, announced).await;
        let actor = process(RedisStore::open(url).await.unwrap(), &secret);
        let keeps = crowd
            .watch(&actor.start(Identity::new("a")).await.unwrap())
            .await;
        sleep(2 * SECOND).await;
        let clients = nodes.field("clients", "connected_clients").await;
        let count = keeps.len();
        println!(
            "{count} processes, announcements {announced}: connections {clients:?}, without them \
             {others:?}",
        );
        for logouts in [0, 1, 10, 100] {
            let storm = storm(url, &secret, logouts).await;
            sleep(2 * SECOND).await;
            measure(&mut nodes, &format!("used, {logouts} logouts a second")).await;
            let mut felt = Vec::new();
            for _ in 0..PROBES {
                felt.extend(crowd.felt().await);
            }
            felt.sort_unstable();
            let of = |share: f64| felt[((felt.len() - 1) as f64 * share) as usize];
            println!(
                "    a logout is felt after {:.0?} (median), {:.0?} (99 %), {:.0?} (last)",
                of(0.5),
                of(0.99),
                of(1.0)
            );
            storm.abort();
        }
        drop(keeps);
        // They are idle after ten seconds, and pull every 15 then.
        sleep(12 * SECOND).await;
        let idle = nodes.counts().await;
        sleep(30 * SECOND).await;
        idle.print_rates(&nodes.counts().await, "idle, no logouts");
        let storm = storm(url, &secret, 1).await;
        measure(&mut nodes, "idle, 1 logout a second").await;
        storm.abort();
        drop((crowd, actor));
        sleep(2 * SECOND).await;
        nodes.empty().await;
    }
}

async fn measure(nodes: &mut Nodes, what: &str) {
    let before = nodes.counts().await;
    sleep(SECOND * number("SECONDS", 10)).await;
    before.print_rates(&nodes.counts().await, what);
}

/// Logs users in and out, so many a second.
async fn storm(url: &str, secret: &Secret, a_second: u32) -> JoinHandle<()> {
    let store = RedisStore::open(url).await.unwrap();
    let sessions = process(store, secret);
    tokio::spawn(async move {
        if a_second == 0 {
            return;
        }
        let mut ticks = interval(Duration::from_secs(1) / a_second);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Each is another user: sessions that one user has ended lately slow down their logins.
        for user in 0_i64.. {
            ticks.tick().await;
            let pair = sessions.start(Identity::new(user)).await.unwrap();
            let ended = sessions.log_out(pair.access_token().secret()).await;
            ended.unwrap();
        }
    })
}

const PROBES: u32 = 5;

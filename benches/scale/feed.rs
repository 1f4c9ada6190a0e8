//! Bytes of a revocation in Redis and in a process, and how long the first reading takes.

use std::time::{Duration, Instant};

use support::{ask, bearer_of};
use tokio::runtime::{Builder, Runtime};
use tower_bearer::clock::{Clock, SystemClock};
use tower_bearer::names::SessionId;
use tower_bearer::store::SessionStore;
use tower_bearer::{Identity, RedisStore, Secret, Sessions};

use super::nodes::Nodes;
use super::{SECOND, number, process, rows};

pub(super) fn print(url: &str, runtime: &Runtime) {
    let secret = Secret::random().unwrap();
    let (store, mut nodes) = runtime.block_on(async {
        let nodes = Nodes::connect(url).await;
        (RedisStore::open(url).await.unwrap(), nodes)
    });
    let token = runtime.block_on(async {
        let login = process(store.clone(), &secret)
            .start(Identity::new("a"))
            .await;
        bearer_of(&login.unwrap())
    });
    let empty = first_reading(url, &secret, &token);
    let (mut there, before) = (0, runtime.block_on(used(&mut nodes)));
    for count in [10_000, 100_000, 1_000_000, 10_000_000] {
        let count = number("REVOKED", 10_000_000).min(count);
        if count == there {
            break;
        }
        match there {
            0 => runtime.block_on(revoke(&store, count)),
            _ => runtime.block_on(nodes.add_to_feeds(count - there)),
        }
        there = count;
        let in_redis = runtime.block_on(used(&mut nodes)) - before;
        let read = first_reading(url, &secret, &token);
        let each = |bytes: i64| bytes as f64 / f64::from(count);
        println!(
            "{count} revocations: {:.1} bytes each in Redis; in a process {:.1} bytes each, at \
             most {:.1} MB more than without, after {:.2?}, with {} answers of 503",
            each(in_redis as i64),
            each(read.held - empty.held),
            (read.most - empty.most) as f64 / 1e6,
            read.took,
            read.refused,
        );
    }
    runtime.block_on(nodes.empty());
}

/// Enters sessions without rows into the feed, as a process does that knows more than its store.
async fn revoke(store: &RedisStore, count: u32) {
    let ids: Vec<SessionId> = (0..count).map(|_| rows::random_id()).collect();
    store.assert_revoked(&ids, SystemClock.now()).await.unwrap();
}

async fn used(nodes: &mut Nodes) -> u64 {
    nodes.field("memory", "used_memory").await.iter().sum()
}

/// What a process has allocated after its first reading.
struct Read {
    held: i64,
    most: i64,
    took: Duration,
    refused: u32,
}

/// Starts a process of one thread, whose allocations are counted.
fn first_reading(url: &str, secret: &Secret, token: &str) -> Read {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let (mut kept, mut took, mut refused) = (None::<Sessions>, Duration::ZERO, 0);
    let counted = allocation_counter::measure(|| {
        runtime.block_on(async {
            let sessions = process(RedisStore::open(url).await.unwrap(), secret);
            let (layer, start) = (sessions.layer(), Instant::now());
            while ask(&layer, token).await.status != 200 {
                refused += 1;
                tokio::time::sleep(SECOND / 20).await;
            }
            took = start.elapsed();
            kept = Some(sessions);
        });
    });
    drop(kept);
    Read {
        held: counted.bytes_current,
        most: counted.bytes_max as i64,
        took,
        refused,
    }
}

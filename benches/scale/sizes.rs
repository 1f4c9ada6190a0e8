//! Bytes and keys a session, and what the calls cost while there are so many.

use std::time::Instant;

use tower_bearer::RedisStore;

use super::nodes::Nodes;
use super::{commands, copies, number, rows};

pub(super) async fn print(url: &str) {
    let mut nodes = Nodes::connect(url).await;
    let store = RedisStore::open(url).await.unwrap();
    assert_eq!(nodes.keys().await.iter().sum::<u64>(), 0, "there are keys");
    let before: u64 = nodes.field("memory", "used_memory").await.iter().sum();
    let mut there = 0;
    for count in [100_000, 1_000_000, 10_000_000] {
        let count = u64::from(number("SESSIONS", 10_000_000)).min(count);
        if count == there {
            break;
        }
        let start = Instant::now();
        // The last step would take hours through the store.
        if count <= number("THROUGH_STORE", 1_000_000).into() {
            rows::insert(&store, there..count).await;
        } else {
            copies::add(&mut nodes, &store, count - there).await;
        }
        let rate = (count - there) as f64 / start.elapsed().as_secs_f64();
        there = count;
        let (used, keys) = (
            nodes.field("memory", "used_memory").await,
            nodes.keys().await,
        );
        let bytes = |bytes: u64| bytes as f64 / count as f64;
        println!(
            "{count} sessions ({rate:.0} a second): {:.1} bytes and {:.4} keys each; \
             bytes of the nodes {used:?}, keys {keys:?}",
            bytes(used.iter().sum::<u64>() - before),
            bytes(keys.iter().sum()),
        );
        let (row, _) = nodes.bytes_of("tb/*").await;
        let (bucket, buckets) = nodes.bytes_of("tb{????}").await;
        println!("  a row {row:.1} bytes, a bucket of the index {bucket:.0} (of {buckets})");
        commands::print(&mut nodes, &store).await;
    }
    nodes.empty().await;
}

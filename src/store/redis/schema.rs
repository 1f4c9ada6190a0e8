//! Checks what the store needs, which is a Redis that does not evict keys. It has no tables to
//! create.

use redis::{InfoDict, Pipeline};

use super::link::Link;
use super::prefix::KeyPrefix;
use crate::error::BoxError;

/// Refuses servers with which the contract cannot be kept.
pub(super) async fn check(link: &mut Link) -> Result<(), BoxError> {
    let prefix = KeyPrefix::default();
    let mut info = Pipeline::new();
    info.cmd("INFO").arg("memory").cmd("INFO").arg("cluster");
    for feeds in link.feeds(&prefix).await? {
        let (memory, cluster) = link.at(prefix.feed(feeds[0]), &info).await?;
        check_memory(&memory)?;
        if matches!(link, Link::Server(_)) {
            check_alone(&cluster)?;
        }
    }
    Ok(())
}

/// Refuses a node of a cluster that is taken for a server of its own. It would answer some
/// commands, and redirect the others.
fn check_alone(cluster: &InfoDict) -> Result<(), BoxError> {
    if cluster.get("cluster_enabled") == Some(1) {
        return Err(NODE.into());
    }
    Ok(())
}

fn check_memory(memory: &InfoDict) -> Result<(), BoxError> {
    let limit: u64 = memory.get("maxmemory").unwrap_or(0);
    let policy: String = memory.get("maxmemory_policy").unwrap_or_default();
    if limit == 0 || matches!(&*policy, "" | "noeviction") {
        return Ok(());
    }
    Err(format!(
        "this Redis evicts keys when its memory is full (`maxmemory-policy {policy}`): \
         users would be logged out, and logouts forgotten. \
         Set `maxmemory-policy noeviction`, or give the sessions a Redis of their own"
    )
    .into())
}

const NODE: &str = "this Redis is a node of a cluster: open the cluster, with \
     `redis-cluster://HOST:PORT,HOST:PORT` or `RedisStore::from_cluster`";

//! Checks what the store needs, which is a Redis that does not evict keys. It has no tables to
//! create.

use redis::{InfoDict, Pipeline};

use super::link::Link;
use super::prefix::KeyPrefix;
use crate::error::BoxError;

/// Refuses servers with which the contract cannot be kept.
pub(super) async fn check(link: &mut Link) -> Result<(), BoxError> {
    match refusal(link).await? {
        Some(why) => Err(why.into()),
        None => Ok(()),
    }
}

/// Returns why the contract cannot be kept with these servers, if that is so.
pub(super) async fn refusal(link: &mut Link) -> Result<Option<String>, BoxError> {
    let prefix = KeyPrefix::default();
    let mut info = Pipeline::new();
    info.cmd("INFO").arg("memory").cmd("INFO").arg("cluster");
    for feeds in link.feeds(&prefix).await? {
        let (memory, cluster) = link.at(prefix.feed(feeds[0]), &info).await?;
        let is_alone = matches!(link, Link::Server(_));
        let node = || node_of_cluster(&cluster).filter(|_| is_alone);
        let why = evicts(&memory).or_else(node);
        if why.is_some() {
            return Ok(why);
        }
    }
    Ok(None)
}

/// A node of a cluster that is taken for a server of its own would answer some commands, and
/// redirect the others.
fn node_of_cluster(cluster: &InfoDict) -> Option<String> {
    (cluster.get("cluster_enabled") == Some(1)).then(|| NODE.to_owned())
}

fn evicts(memory: &InfoDict) -> Option<String> {
    let limit: u64 = memory.get("maxmemory").unwrap_or(0);
    let policy: String = memory.get("maxmemory_policy").unwrap_or_default();
    if limit == 0 || matches!(&*policy, "" | "noeviction") {
        return None;
    }
    Some(format!(
        "this Redis evicts keys when its memory is full (`maxmemory-policy {policy}`): \
         users would be logged out, and logouts forgotten. \
         Set `maxmemory-policy noeviction`, or give the sessions a Redis of their own"
    ))
}

const NODE: &str = "this Redis is a node of a cluster: open the cluster, with \
     `redis-cluster://HOST:PORT,HOST:PORT` or `RedisStore::from_cluster`";

//! Checks what the store needs, which is a Redis that does not evict keys. It has no tables to
//! create.

use redis::{InfoDict, Pipeline};

use super::link::Link;
use super::prefix::KeyPrefix;
use crate::error::BoxError;

/// Refuses servers with which the contract cannot be kept.
pub(super) async fn check(link: &mut Link) -> Result<(), BoxError> {
    let prefix = KeyPrefix::default();
    let mut memory = Pipeline::new();
    memory.cmd("INFO").arg("memory");
    for feeds in link.feeds(&prefix).await? {
        let (memory,) = link.at(prefix.feed(feeds[0]), &memory).await?;
        check_memory(&memory)?;
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

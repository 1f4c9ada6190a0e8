//! Checks what the store needs, which is a Redis that does not evict keys. It has no tables to
//! create.

use redis::InfoDict;
use redis::aio::ConnectionManager;

use crate::error::BoxError;

/// Refuses a server with which the contract cannot be kept.
pub(super) async fn check(connection: &mut ConnectionManager) -> Result<(), BoxError> {
    let memory: InfoDict = redis::cmd("INFO")
        .arg("memory")
        .query_async(connection)
        .await?;
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

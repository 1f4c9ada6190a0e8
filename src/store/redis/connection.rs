//! How Redis is reached, and whether it may be trusted with sessions.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{Client, InfoDict, IntoConnectionInfo};

use crate::error::BoxError;

/// A client whose connections notice that the other end is gone without a word.
pub(super) fn client(url: &str) -> Result<Client, BoxError> {
    let keepalive = TcpKeepalive::new().with_time(Duration::from_secs(10)).with_interval(Duration::from_secs(3));
    let settings = TcpSettings::default().set_nodelay(true).set_keepalive(keepalive);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(GONE_AFTER);
    Ok(Client::open(url.into_connection_info()?.set_tcp_settings(settings))?)
}

/// One connection that many share. It comes back by itself, and nobody waits for it for long.
pub(super) async fn connect(client: &Client) -> Result<ConnectionManager, BoxError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_WITHIN))
        .set_response_timeout(Some(ANSWER_WITHIN))
        .set_number_of_retries(1)
        .set_pipeline_buffer_size(QUEUE);
    let mut connection = client.get_connection_manager_with_config(config).await?;
    let memory: InfoDict = redis::cmd("INFO").arg("memory").query_async(&mut connection).await?;
    let limit: Option<u64> = memory.get("maxmemory");
    let policy: Option<String> = memory.get("maxmemory_policy");
    match policy {
        Some(policy) if policy != "noeviction" && limit.is_some_and(|limit| limit > 0) => Err(format!(
            "this Redis evicts keys when its memory is full (`maxmemory-policy {policy}`): users would be logged out, and logouts forgotten. \
             Set `maxmemory-policy noeviction`, or give the sessions a Redis of their own"
        )
        .into()),
        _ => Ok(connection),
    }
}

/// More than Redis takes that works.
pub(super) const CONNECT_WITHIN: Duration = Duration::from_secs(1);
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Bytes that were not acknowledged for so long break the connection. Else it would take a quarter of an hour.
#[cfg(target_os = "linux")]
const GONE_AFTER: Duration = Duration::from_secs(5);
/// Commands that wait to be written, before their callers wait.
const QUEUE: usize = 1024;

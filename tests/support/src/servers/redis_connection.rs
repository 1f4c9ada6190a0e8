//! Connections to Redis beside those of a store.

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};

/// Opens a connection that waits as long as the server takes. The driver's defaults give up a busy
/// server after half a second.
pub async fn connect_to_redis(url: &str) -> RedisResult<MultiplexedConnection> {
    let patient = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    Client::open(url)?
        .get_multiplexed_async_connection_with_config(&patient)
        .await
}

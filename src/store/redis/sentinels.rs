//! [`Sentinels`] name the primary of the moment.

use redis::sentinel::{Sentinel, SentinelNodeConnectionInfo};
use redis::{Client, ConnectionInfo, RedisConnectionInfo, TlsMode};

use super::credentials::Credentials;
use super::tcp::tcp_settings;
use crate::error::BoxError;

/// The sentinels of a group of servers.
pub(super) struct Sentinels {
    pub(super) seeds: Vec<ConnectionInfo>,
    pub(super) group: String,
    pub(super) tls: Option<TlsMode>,
    /// How to log in to the servers.
    pub(super) settings: RedisConnectionInfo,
}

impl Sentinels {
    /// Asks the sentinels for the primary, and the primary whether it is one.
    pub(super) async fn primary(&self, credentials: &Credentials) -> Result<Client, BoxError> {
        let mut primary = SentinelNodeConnectionInfo::default()
            .set_redis_connection_info(credentials.present(self.settings.clone()).await?)
            .set_tcp_settings(tcp_settings());
        if let Some(tls) = self.tls {
            primary = primary.set_tls_mode(tls);
        }
        let mut sentinels = Sentinel::build(self.seeds.clone())?;
        Ok(sentinels
            .async_master_for(&self.group, Some(&primary))
            .await?)
    }
}

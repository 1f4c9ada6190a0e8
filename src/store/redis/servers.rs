//! [`Servers`] is where a store is: one server, one that sentinels name, or a cluster.

use std::time::Duration;

use redis::Client;
use redis::aio::ConnectionManagerConfig;
use redis::cluster::ClusterClient;
use redis::sentinel::SentinelClient;
use tokio::sync::Mutex;

use super::cluster::Nodes;
use super::credentials::Credentials;
use super::link::Link;
use super::sentinels::Sentinels;
use super::tcp::{ANSWER_WITHIN, CONNECT_WITHIN};
use crate::error::BoxError;

pub(super) enum Servers {
    One(Client, Credentials),
    Sentinels(Sentinels, Credentials),
    /// Sentinels that the application's own client asks.
    SentinelClient(Box<Mutex<SentinelClient>>),
    Cluster(Box<ClusterClient>),
}

impl Servers {
    /// Connects with short timeouts, because callers wait for it.
    pub(super) async fn connect(&self) -> Result<Link, BoxError> {
        Ok(match self {
            Self::One(client, credentials) => {
                let settings = credentials.apply(settings());
                Link::Server(client.get_connection_manager_with_config(settings).await?)
            }
            Self::SentinelClient(_) => {
                let primary = self.client().await?;
                let settings = settings();
                Link::Server(primary.get_connection_manager_with_config(settings).await?)
            }
            Self::Sentinels(sentinels, credentials) => {
                let primary = sentinels.primary(credentials).await?;
                let settings = credentials.apply(settings());
                Link::Server(primary.get_connection_manager_with_config(settings).await?)
            }
            Self::Cluster(client) => Link::Cluster(Nodes::connect(client).await?),
        })
    }

    /// Returns a client with the present credentials, for a connection that only listens.
    pub(super) async fn client(&self) -> Result<Client, BoxError> {
        match self {
            Self::One(client, credentials) => credentials.client(client).await,
            Self::Sentinels(sentinels, credentials) => sentinels.primary(credentials).await,
            Self::SentinelClient(sentinels) => {
                Ok(sentinels.lock().await.async_get_client().await?)
            }
            Self::Cluster(_) => Err("a cluster has several servers".into()),
        }
    }

    /// Returns how long a new connection may take. Sentinels and clusters are asked where to
    /// connect, and one of those that are asked may be silent.
    pub(super) fn connect_within(&self) -> Duration {
        match self {
            Self::One(..) => CONNECT_WITHIN,
            Self::Sentinels(..) | Self::SentinelClient(_) | Self::Cluster(_) => 3 * CONNECT_WITHIN,
        }
    }
}

fn settings() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_WITHIN))
        .set_response_timeout(Some(ANSWER_WITHIN))
        .set_number_of_retries(1)
        .set_pipeline_buffer_size(QUEUE)
}

/// The number of commands that wait to be written before callers have to wait.
const QUEUE: usize = 1024;

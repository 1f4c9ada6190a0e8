//! [`Credentials`] are how each connection logs in to Redis.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};
use redis::aio::ConnectionManagerConfig;
use redis::cluster::ClusterClientBuilder;
use redis::{
    BasicAuth, Client, IntoConnectionInfo, RedisConnectionInfo, RedisResult,
    StreamingCredentialsProvider,
};

use crate::error::BoxError;

/// The credentials of the client, or those that a provider gives each new connection.
#[derive(Clone, Default)]
pub(super) struct Credentials(Option<Arc<dyn StreamingCredentialsProvider>>);

impl Credentials {
    pub(super) fn of(provider: impl StreamingCredentialsProvider + 'static) -> Self {
        Self(Some(Arc::new(provider)))
    }

    pub(super) fn apply(&self, config: ConnectionManagerConfig) -> ConnectionManagerConfig {
        match &self.0 {
            Some(provider) => config.set_credentials_provider(Shared(Arc::clone(provider))),
            None => config,
        }
    }

    pub(super) fn of_cluster(&self, seeds: ClusterClientBuilder) -> ClusterClientBuilder {
        match &self.0 {
            Some(provider) => seeds.set_credentials_provider(Shared(Arc::clone(provider))),
            None => seeds,
        }
    }

    /// Makes a client that has the present credentials, because the driver does not ask a provider
    /// for connections that listen.
    pub(super) async fn client(&self, client: &Client) -> Result<Client, BoxError> {
        let info = client.get_connection_info().clone();
        let settings = self.present(info.redis_settings().clone()).await?;
        Ok(Client::open(
            info.set_redis_settings(settings).into_connection_info()?,
        )?)
    }

    /// Puts the present credentials into the settings.
    pub(super) async fn present(
        &self,
        settings: RedisConnectionInfo,
    ) -> Result<RedisConnectionInfo, BoxError> {
        let Some(provider) = &self.0 else {
            return Ok(settings);
        };
        let present = provider.subscribe().next().await;
        let present = present.ok_or("the provider of credentials gave none")??;
        Ok(settings
            .set_username(present.username())
            .set_password(present.password()))
    }
}

struct Shared(Arc<dyn StreamingCredentialsProvider>);

impl StreamingCredentialsProvider for Shared {
    fn subscribe(&self) -> Updates {
        self.0.subscribe()
    }
}

/// A function that is called for each new connection.
pub(super) struct AskEachTime<F>(pub(super) F);

impl<F, Fut> StreamingCredentialsProvider for AskEachTime<F>
where
    F: Fn() -> Fut + Send + Sync,
    Fut: Future<Output = RedisResult<BasicAuth>> + Send + 'static,
{
    fn subscribe(&self) -> Updates {
        // A stream that ends would end the connection.
        Box::pin(stream::once((self.0)()).chain(stream::pending()))
    }
}

type Updates = Pin<Box<dyn Stream<Item = RedisResult<BasicAuth>> + Send + 'static>>;

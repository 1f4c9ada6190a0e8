//! Announcements by publish and subscribe.

use async_trait::async_trait;
use futures_util::StreamExt;
use redis::Client;
use redis::aio::PubSubStream;

use super::connection::CONNECT_WITHIN;
use super::error::failed;
use crate::limits::with_timeout;
use crate::store::error::StoreError;
use crate::store::feed::Announcements;

/// A connection of its own, that hears of revocations.
pub(super) struct Subscription(PubSubStream);

impl Subscription {
    pub(super) async fn to(channel: &str, client: &Client) -> Result<Self, StoreError> {
        let subscribe = async {
            let mut subscription = client.get_async_pubsub().await.map_err(failed)?;
            subscription.subscribe(channel).await.map_err(failed)?;
            Ok(Self(subscription.into_on_message()))
        };
        with_timeout(CONNECT_WITHIN, subscribe).await
    }
}

#[async_trait]
impl Announcements for Subscription {
    async fn next(&mut self) -> Result<(), StoreError> {
        match self.0.next().await {
            Some(_) => Ok(()),
            None => Err(failed("the connection on which revocations are announced is gone")),
        }
    }
}

//! Announcements with publish and subscribe.

use async_trait::async_trait;
use futures_util::StreamExt;
use redis::aio::PubSubStream;

use super::connection::{CONNECT_WITHIN, Connection};
use crate::error::BoxError;
use crate::limits::with_timeout;
use crate::store::error::StoreError;
use crate::store::feed::Announcements;
use crate::store::place::{FailedAt, Place};

/// A separate connection, on which revocations are announced.
pub(super) struct Subscription {
    messages: PubSubStream,
    place: Place,
}

impl Subscription {
    pub(super) async fn to(
        channel: &str,
        connection: &Connection,
        place: &Place,
    ) -> Result<Self, StoreError> {
        let subscribe = async {
            let client = connection.client().await?;
            let mut subscription = client.get_async_pubsub().await?;
            subscription.subscribe(channel).await?;
            Ok::<_, BoxError>(Self {
                messages: subscription.into_on_message(),
                place: place.clone(),
            })
        };
        with_timeout(CONNECT_WITHIN, subscribe)
            .await
            .failed_at(place)
    }
}

#[async_trait]
impl Announcements for Subscription {
    async fn next(&mut self) -> Result<(), StoreError> {
        match self.messages.next().await {
            Some(_) => Ok(()),
            None => Err(self
                .place
                .failed("the connection on which revocations are announced is gone")),
        }
    }
}

//! Announcements with publish and subscribe.

use std::mem;

use async_trait::async_trait;
use futures_util::StreamExt;
use redis::aio::PubSubStream;
use redis::cluster_async::ClusterConnection;
use redis::{ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::sync::watch;

use super::connection::Connection;
use super::link::Link;
use super::prefix::{FEEDS, KeyPrefix};
use super::pushes::Pushes;
use crate::error::BoxError;
use crate::limits::with_timeout;
use crate::store::error::StoreError;
use crate::store::feed::Announcements;
use crate::store::place::{FailedAt, Place};

/// Announces revocations of one of the feeds. In a cluster only the nodes of its slot hear of it,
/// if the cluster knows shards, as it does from Redis 7 on.
pub(super) async fn announce(
    connection: &Connection,
    prefix: &KeyPrefix,
    feed: usize,
) -> RedisResult<()> {
    let mut link = connection.any();
    if matches!(link, Link::Cluster(_)) {
        let mut publish = redis::cmd("SPUBLISH");
        publish.arg(prefix.shard_channel(feed)).arg("");
        match publish.exec_async(&mut link).await {
            Err(error) if is_unknown(&error) => {}
            done => return done,
        }
    }
    let mut publish = redis::cmd("PUBLISH");
    publish.arg(prefix.channel()).arg("");
    publish.exec_async(&mut link).await
}

/// Announcements of the revocations of all feeds.
pub(super) struct Subscription {
    messages: Messages,
    place: Place,
}

enum Messages {
    /// Those of a separate connection.
    Stream(Box<PubSubStream>),
    /// Those of the nodes of a cluster, with what they had said when it was last looked at.
    Pushes(watch::Receiver<Pushes>, Pushes),
}

impl Subscription {
    pub(super) async fn open(
        connection: &Connection,
        prefix: &KeyPrefix,
        place: &Place,
    ) -> Result<Self, StoreError> {
        let subscribe = async {
            let messages = match connection.any() {
                Link::Server(_) => {
                    let client = connection.servers().client().await?;
                    let mut subscription = client.get_async_pubsub().await?;
                    subscription.subscribe(prefix.channel()).await?;
                    Messages::Stream(Box::new(subscription.into_on_message()))
                }
                Link::Cluster(nodes) => {
                    let mut pushes = nodes.pushes();
                    let before = *pushes.borrow_and_update();
                    subscribe_to_shards(&mut nodes.connections(), prefix).await?;
                    Messages::Pushes(pushes, before)
                }
            };
            Ok::<_, BoxError>(Self {
                messages,
                place: place.clone(),
            })
        };
        with_timeout(connection.servers().connect_within(), subscribe)
            .await
            .failed_at(place)
    }
}

async fn subscribe_to_shards(nodes: &mut ClusterConnection, prefix: &KeyPrefix) -> RedisResult<()> {
    // One by one, because each is in another slot.
    for feed in 0..FEEDS {
        match nodes.ssubscribe(prefix.shard_channel(feed)).await {
            Err(error) if is_unknown(&error) => return nodes.subscribe(prefix.channel()).await,
            done => done?,
        }
    }
    Ok(())
}

/// Returns whether a server does not know a command, or the user may not use it.
fn is_unknown(error: &RedisError) -> bool {
    use ServerErrorKind::{NoPerm, ResponseError};
    matches!(
        error.kind(),
        ErrorKind::Server(ResponseError) | ErrorKind::Server(NoPerm)
    )
}

#[async_trait]
impl Announcements for Subscription {
    async fn next(&mut self) -> Result<(), StoreError> {
        let is_next = match &mut self.messages {
            Messages::Stream(stream) => stream.next().await.is_some(),
            Messages::Pushes(pushes, seen) => {
                let is_open = pushes.changed().await.is_ok();
                let before = mem::replace(seen, *pushes.borrow_and_update());
                is_open && !seen.lost_since(&before)
            }
        };
        is_next.then_some(()).ok_or_else(|| {
            self.place
                .failed("the connection on which revocations are announced is gone")
        })
    }
}

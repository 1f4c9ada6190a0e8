//! Announcements with publish and subscribe.

use async_trait::async_trait;
use futures_util::StreamExt;
use redis::aio::PubSubStream;
use redis::cluster::{ClusterClient, ClusterConfig};
use redis::cluster_async::ClusterConnection;
use redis::{ErrorKind, PushInfo, PushKind, RedisError, RedisResult, ServerErrorKind};
use tokio::sync::watch;

use super::connection::Connection;
use super::link::Link;
use super::prefix::{FEEDS, KeyPrefix};
use super::servers::Servers;
use super::tcp::ANSWER_WITHIN;
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
    if let Link::Cluster(nodes) = connection.any()
        && nodes.has_shards()
    {
        let mut publish = redis::cmd("SPUBLISH");
        publish.arg(prefix.shard_channel(feed)).arg("");
        match publish.exec_async(&mut link).await {
            Err(error) if is_refused(&error) => nodes.note_refused(),
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
    /// Those of the nodes of a cluster.
    Pushes(Box<Listener>),
}

/// Connections of its own to the nodes of a cluster. A push that comes on a connection on which an
/// answer is waited for may be taken for that answer.
struct Listener {
    _nodes: ClusterConnection,
    /// Whether the subscription is over. Each announcement is a change too.
    is_over: watch::Receiver<bool>,
}

impl Listener {
    async fn open(client: &ClusterClient, prefix: &KeyPrefix) -> RedisResult<Self> {
        let (sender, is_over) = watch::channel(false);
        let push = move |push: PushInfo| {
            sender.send_if_modified(|is_over| note(&push.kind, is_over));
            Ok::<_, RedisError>(())
        };
        // Without it the driver would wait for a silent node without end: what a configuration does
        // not name replaces what the client has.
        let config = ClusterConfig::new()
            .set_push_sender(push)
            .set_response_timeout(ANSWER_WITHIN);
        let mut nodes = client.get_async_connection_with_config(config).await?;
        subscribe_to_shards(&mut nodes, prefix).await?;
        Ok(Self {
            _nodes: nodes,
            is_over,
        })
    }

    /// Returns whether there was an announcement, and not the end of the subscription.
    async fn next(&mut self) -> bool {
        self.is_over.changed().await.is_ok() && !*self.is_over.borrow_and_update()
    }
}

/// Notes what a node says without being asked, and returns whether it matters.
fn note(push: &PushKind, is_over: &mut bool) -> bool {
    match push {
        PushKind::Message | PushKind::SMessage => true,
        // A connection is gone, or a slot moved to another node. The driver subscribes again to all
        // channels of a node at once, which Redis refuses: they are in several slots.
        PushKind::Disconnection | PushKind::SUnsubscribe => {
            *is_over = true;
            true
        }
        _ => false,
    }
}

impl Subscription {
    pub(super) async fn open(
        connection: &Connection,
        prefix: &KeyPrefix,
        place: &Place,
    ) -> Result<Self, StoreError> {
        let subscribe = async {
            let messages = match connection.servers() {
                Servers::Cluster(client) => {
                    Messages::Pushes(Box::new(Listener::open(client, prefix).await?))
                }
                servers => {
                    let mut subscription = servers.client().await?.get_async_pubsub().await?;
                    subscription.subscribe(prefix.channel()).await?;
                    Messages::Stream(Box::new(subscription.into_on_message()))
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
            Err(error) if is_refused(&error) => return nodes.subscribe(prefix.channel()).await,
            done => done?,
        }
    }
    Ok(())
}

/// Returns whether a server does not know a command, or the user may not use it.
fn is_refused(error: &RedisError) -> bool {
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
            Messages::Pushes(listener) => listener.next().await,
        };
        is_next.then_some(()).ok_or_else(|| {
            self.place
                .failed("the connection on which revocations are announced is gone")
        })
    }
}

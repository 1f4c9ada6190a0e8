//! [`Nodes`] are the connections to the nodes of a cluster.
//!
//! The driver knows which node has which slot, and follows redirections. Commands go to primaries
//! only. A command whose connection breaks is sent again, so it may run twice: a `replace` that
//! wrote may say that it did not, and the refresh then reads the row again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::{StreamExt, TryStreamExt, stream};
use redis::aio::ConnectionLike;
use redis::cluster::{ClusterClient, ClusterClientBuilder, ClusterConfig};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{
    Cmd, InfoDict, Pipeline, ProtocolVersion, PushInfo, RedisError, RedisFuture, RedisResult,
    ServerError, Value,
};
use tokio::sync::watch;

use super::pipeline::AT_ONCE;
use super::prefix::{FEEDS, KeyPrefix};
use super::pushes::Pushes;
use super::server::run_id;
use super::tcp::{ANSWER_WITHIN, CONNECT_WITHIN};
use crate::error::BoxError;

#[derive(Clone)]
pub(super) struct Nodes {
    connections: ClusterConnection,
    /// The feeds of each node, as they were found last.
    feeds: Arc<ArcSwapOption<Vec<Vec<usize>>>>,
    pushes: watch::Receiver<Pushes>,
}

/// Makes a client whose commands are answered, or fail, within the time that callers wait.
pub(super) fn client(seeds: ClusterClientBuilder) -> RedisResult<ClusterClient> {
    seeds
        // Announcements come over the same connections.
        .use_protocol(ProtocolVersion::RESP3)
        .connection_timeout(CONNECT_WITHIN)
        .overall_response_timeout(Some(ANSWER_WITHIN))
        // A command that was not answered is not sent again: nobody waits for it any more.
        .response_timeout(ANSWER_WITHIN + Duration::from_millis(500))
        .retries(RETRIES)
        .min_retry_wait(50)
        .max_retry_wait(200)
        .build()
}

impl Nodes {
    pub(super) async fn connect(client: &ClusterClient) -> RedisResult<Self> {
        let (sender, pushes) = watch::channel(Pushes::default());
        let push = move |push: PushInfo| {
            sender.send_if_modified(|pushes| pushes.count(&push.kind));
            Ok::<_, RedisError>(())
        };
        let config = ClusterConfig::new().set_push_sender(push);
        Ok(Self {
            connections: client.get_async_connection_with_config(config).await?,
            feeds: Arc::default(),
            pushes,
        })
    }

    /// Returns what the nodes say without being asked.
    pub(super) fn pushes(&self) -> watch::Receiver<Pushes> {
        self.pushes.clone()
    }

    pub(super) fn connections(&self) -> ClusterConnection {
        self.connections.clone()
    }

    /// Returns the connection to the primary that has this key.
    pub(super) fn at(&self, key: &[u8]) -> Primary {
        Primary {
            connections: self.connections.clone(),
            route: Route::with_key(key, SlotAddr::Master),
        }
    }

    /// Returns the feeds of each node. They are asked for once, and again after
    /// [`forget_feeds`](Self::forget_feeds).
    pub(super) async fn feeds(&self, prefix: &KeyPrefix) -> Result<Vec<Vec<usize>>, BoxError> {
        if let Some(known) = self.feeds.load_full() {
            return Ok(known.to_vec());
        }
        let mut server = Pipeline::new();
        server.cmd("INFO").arg("server");
        let mut found = BTreeMap::<_, Vec<_>>::new();
        for feed in 0..FEEDS {
            let mut node = self.at(prefix.feed(feed).as_bytes());
            let (server,): (InfoDict,) = server.query_async(&mut node).await?;
            found.entry(run_id(&server)?).or_default().push(feed);
        }
        let found: Vec<Vec<usize>> = found.into_values().collect();
        self.feeds.store(Some(Arc::new(found.clone())));
        Ok(found)
    }

    /// Forgets which node has which feed, because a slot may have moved.
    pub(super) fn forget_feeds(&self) {
        self.feeds.store(None);
    }
}

impl ConnectionLike for Nodes {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        self.connections.req_packed_command(command)
    }

    /// Sends each command to its own node, all at the same time.
    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        _: usize,
        _: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let send = |command: &'a Cmd| {
            let mut connections = self.connections.clone();
            async move { or_value(connections.req_packed_command(command).await) }
        };
        let answers = stream::iter(commands.cmd_iter().map(send)).buffered(AT_ONCE);
        Box::pin(answers.try_collect())
    }

    fn get_db(&self) -> i64 {
        0
    }
}

/// Returns an error of the server as a value, as a pipeline has it.
fn or_value(answer: RedisResult<Value>) -> RedisResult<Value> {
    answer.or_else(|error| ServerError::try_from(error).map(Value::ServerError))
}

/// The primary of one slot.
pub(super) struct Primary {
    connections: ClusterConnection,
    route: Route,
}

impl ConnectionLike for Primary {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        let to = RoutingInfo::SingleNode(SingleNodeRoutingInfo::SpecificNode(self.route));
        Box::pin(self.connections.route_command(command.clone(), to))
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let to = SingleNodeRoutingInfo::SpecificNode(self.route);
        Box::pin(
            self.connections
                .route_pipeline(commands.clone(), offset, count, to),
        )
    }

    fn get_db(&self) -> i64 {
        0
    }
}

/// Redirections and pauses of a command. The time that it may take ends it before.
const RETRIES: u32 = 32;

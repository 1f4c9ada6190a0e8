//! [`Nodes`] are the connections to the nodes of a cluster.
//!
//! The driver knows which node has which slot, and follows redirections. Commands go to primaries
//! only. A command whose connection breaks is sent again, so it may run twice. Then a `replace`
//! that wrote says that it did not, and the refresh reads the row again; an `insert` fails, and
//! leaves a session that nobody has a token of; a `revoke` that ended a session says that it did
//! not, and has no event; a ticket that was taken is gone; a guess counts twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use futures_util::{StreamExt, TryStreamExt, stream};
use redis::aio::ConnectionLike;
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::{
    Arg, Cmd, ErrorKind, InfoDict, Pipeline, ProtocolVersion, RedisError, RedisFuture, RedisResult,
    ServerError, ServerErrorKind, Value,
};

use super::lately::Lately;
use super::pipeline::AT_ONCE;
use super::prefix::{FEEDS, KeyPrefix};
use super::server::run_id;
use super::tcp::{ANSWER_WITHIN, CONNECT_WITHIN};
use crate::error::BoxError;

#[derive(Clone)]
pub(super) struct Nodes {
    connections: ClusterConnection,
    /// The feeds of each node, as they were found last.
    feeds: Arc<ArcSwapOption<Vec<Vec<usize>>>>,
    /// When a slot of a feed was last seen to move.
    moved: Lately,
    /// When an announcement to a shard was last refused.
    refused: Lately,
}

/// Makes a client whose commands are answered, or fail, within the time that callers wait.
pub(super) fn client(seeds: ClusterClientBuilder) -> RedisResult<ClusterClient> {
    seeds
        // Announcements need it.
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
        Ok(Self {
            connections: client.get_async_connection().await?,
            feeds: Arc::default(),
            moved: Lately::default(),
            refused: Lately::default(),
        })
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

    /// Returns whether the slots of feeds may be about to move to other nodes.
    pub(super) fn slots_move(&self) -> bool {
        self.moved.was_within(MOVES_FOR)
    }

    /// Returns whether announcements may be made to shards, as far as is known.
    pub(super) fn has_shards(&self) -> bool {
        !self.refused.was_within(REFUSED_FOR)
    }

    /// Notes that an announcement to a shard was refused.
    pub(super) fn note_refused(&self) {
        self.refused.note();
    }

    /// Notes that the slot of a feed moves, if this error says so, and returns that.
    pub(super) fn note_move(&self, error: &RedisError) -> bool {
        use ServerErrorKind::{Ask, Moved, TryAgain};
        let moves = matches!(error.kind(), ErrorKind::Server(Ask | Moved | TryAgain));
        if moves {
            self.moved.note();
            self.forget_feeds();
        }
        moves
    }
}

impl ConnectionLike for Nodes {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        let mut primary = self.at(key(command));
        Box::pin(async move { primary.req_packed_command(command).await })
    }

    /// Sends each command to its own node, all at the same time.
    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        _: usize,
        _: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        let send = |command: &'a Cmd| {
            let mut primary = self.at(key(command));
            async move { or_value(primary.req_packed_command(command).await) }
        };
        let answers = stream::iter(commands.cmd_iter().map(send)).buffered(AT_ONCE);
        Box::pin(answers.try_collect())
    }

    fn get_db(&self) -> i64 {
        0
    }
}

/// Returns the key of a command, or its channel. The driver would choose a replica where the
/// settings of the application say so.
fn key(command: &Cmd) -> &[u8] {
    let mut arguments = command.args_iter().map(|argument| match argument {
        Arg::Simple(bytes) => bytes,
        Arg::Cursor => b"0",
        _ => b"",
    });
    let at = match arguments.next() {
        // After the script and the number of its keys.
        Some(b"EVAL" | b"EVALSHA") => 2,
        _ => 0,
    };
    arguments.nth(at).unwrap_or_default()
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

/// How long feeds are read one by one after a slot was seen to move. To find out costs as many
/// redirections as a command may have.
const MOVES_FOR: Duration = Duration::from_secs(30);
/// How long announcements are made without shards after one was refused, which is a line in `ACL
/// LOG`. New connections try at once.
const REFUSED_FOR: Duration = Duration::from_secs(300);
/// Redirections and pauses of a command, in about a second.
const RETRIES: u32 = 12;

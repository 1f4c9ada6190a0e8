//! [`Link`] is the connection to a server, or the connections to the nodes of a cluster.

use redis::aio::{ConnectionLike, ConnectionManager};
use redis::{Cmd, FromRedisValue, Pipeline, RedisError, RedisFuture, RedisResult, Value};

use super::cluster::Nodes;
use super::prefix::{FEEDS, KeyPrefix};
use crate::error::BoxError;

/// Sends commands to the server that has their key.
///
/// In a cluster each command of a pipeline goes its own way, so none may rely on the one before it.
#[derive(Clone)]
pub(super) enum Link {
    Server(ConnectionManager),
    Cluster(Nodes),
}

impl Link {
    /// Sends commands to the server that has this key, all of them over one connection. So they are
    /// answered by one server, in their order.
    pub(super) async fn at<T: FromRedisValue>(
        &mut self,
        key: impl AsRef<[u8]>,
        commands: &Pipeline,
    ) -> RedisResult<T> {
        match self {
            Self::Server(connection) => commands.query_async(connection).await,
            Self::Cluster(nodes) => commands.query_async(&mut nodes.at(key.as_ref())).await,
        }
    }

    /// Returns the feeds of each server.
    pub(super) async fn feeds(&mut self, prefix: &KeyPrefix) -> Result<Vec<Vec<usize>>, BoxError> {
        match self {
            Self::Server(_) => Ok(vec![(0..FEEDS).collect()]),
            Self::Cluster(nodes) => nodes.feeds(prefix).await,
        }
    }

    /// Returns whether the slots of feeds may be about to move to other nodes.
    pub(super) fn slots_move(&self) -> bool {
        matches!(self, Self::Cluster(nodes) if nodes.slots_move())
    }

    /// Notes that the slot of a feed moves, if this error says so, and returns that.
    pub(super) fn note_move(&self, error: &RedisError) -> bool {
        matches!(self, Self::Cluster(nodes) if nodes.note_move(error))
    }
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Server(connection) => connection.req_packed_command(command),
            Self::Cluster(nodes) => nodes.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Server(connection) => connection.req_packed_commands(commands, offset, count),
            Self::Cluster(nodes) => nodes.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Server(connection) => connection.get_db(),
            Self::Cluster(_) => 0,
        }
    }
}

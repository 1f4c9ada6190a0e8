//! Servers that a test may kill, pause and set back: private ones on loopback, or on a network of
//! the test, each in a folder of its own. They stop when they are dropped.
//!
//! `tests/run` says where the programs are. It also sets `TMPDIR` to a folder that the user
//! `postgres` can reach.

mod network;
mod postgres;
pub mod process;
mod redis;
mod redis_cluster;
mod redis_connection;
mod redis_sentinel;

pub use network::{Host, Network};
pub use postgres::{Backup, PostgresServer};
pub use redis::RedisServer;
pub use redis_cluster::{RedisCluster, slots};
pub use redis_connection::connect_to_redis;
pub use redis_sentinel::RedisSentinel;

/// A server that keeps sessions, and its faults.
pub trait Database {
    /// The URL at which the server listens.
    fn url(&self) -> String;

    /// `kill -9` of the server and of all its processes at once.
    fn kill(&mut self);

    /// Starts the server again after a `kill`: at the same port, with the same data.
    fn start_again(&mut self) -> impl Future<Output = ()>;

    /// From now on the server takes connections and answers nothing.
    fn pause(&self);

    /// The end of a pause.
    fn resume(&self);
}

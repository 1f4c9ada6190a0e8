//! Servers that a test may kill, pause and set back: private ones on loopback, each in a folder of
//! its own. They stop when they are dropped.
//!
//! `tests/run` says where the programs are. It also sets `TMPDIR` to a folder that the user
//! `postgres` can reach.

mod postgres;
mod process;
mod redis;

pub use postgres::{Backup, PostgresServer};
pub use redis::RedisServer;

/// A server that keeps sessions, and its faults.
pub trait Database {
    /// Where it listens.
    fn url(&self) -> String;

    /// `kill -9` of the server and of all its processes at once.
    fn kill(&mut self);

    /// After a `kill`: at the same port, with what it has kept.
    fn start_again(&mut self) -> impl Future<Output = ()>;

    /// From here on it takes connections and answers nothing.
    fn pause(&self);

    /// The end of a pause.
    fn resume(&self);
}

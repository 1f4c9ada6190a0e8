//! Servers that a test may kill, pause and set back: private ones on loopback, each in a folder of its own. They stop when they are dropped.
//!
//! `tests/run` says where the programs are. It also sets `TMPDIR` to a folder that the user `postgres` can reach.
// Every test uses a part of this.
#![allow(dead_code, clippy::unwrap_used)]

mod postgres;
mod process;
mod redis;

pub(crate) use postgres::PostgresServer;
pub(crate) use redis::RedisServer;

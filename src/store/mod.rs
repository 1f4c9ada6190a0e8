//! Where sessions live: [`SessionStore`], and the stores that come with this crate.
//!
//! | store | feature | for |
//! |---|---|---|
//! | [`MemoryStore`] | | tests, and applications whose users may log in again after a restart |
//! | `SqliteStore` | `sqlite` | one machine |
//! | `PostgresStore` | `postgres` | several machines, and applications that run on PostgreSQL already |
//! | `RedisStore` | `redis` | many machines that share a Redis or Valkey |
//!
//! The rule of rotation is not here: it lives once, in Rust, above all stores. A store keeps rows, and swaps them if nobody else has.

#[cfg(feature = "test-util")]
pub mod conformance;
mod contract;
mod error;
mod feed;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod retention;
mod revocation_reason;
mod session;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use contract::SessionStore;
pub use error::StoreError;
pub use feed::{Announcements, Cursor, RevocationPage};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::{PostgresStore, TablePrefix};
#[cfg(feature = "redis")]
pub use redis::{KeyPrefix, RedisStore};
pub use revocation_reason::{RevocationReason, RevocationRecord};
pub use session::{Session, SessionParts};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

pub use crate::revocation::Revocation;
/// The version of the crate `redis` whose clients [`RedisStore`] takes.
#[cfg(feature = "redis")]
pub use ::redis as redis_driver;
pub use async_trait::async_trait;
/// The version of `sqlx` whose pools `SqliteStore` and `PostgresStore` take.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use sqlx;

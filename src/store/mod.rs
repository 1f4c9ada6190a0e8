//! The trait [`SessionStore`], and the stores that come with this crate.
//!
//! | store | feature | for |
//! |---|---|---|
//! | [`MemoryStore`] | | tests, and applications whose users may log in again after a restart |
//! | `SqliteStore` | `sqlite` | one machine |
//! | `PostgresStore` | `postgres` | several machines, applications that already have PostgreSQL |
//! | `RedisStore` | `redis` | many machines that share a Redis or Valkey |
//!
//! A store keeps rows, and replaces a row only if no other process has changed it in the meantime.
//! The rule of rotation is not part of a store: it is written once, in Rust, above all stores. For
//! a store of your own see [`SessionStore`].

mod answers;
#[cfg(feature = "test-util")]
pub mod conformance;
mod contract;
mod ephemeral;
mod error;
mod feed;
mod memory;
mod more;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
mod place;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod retention;
mod revocation_reason;
mod row_rules;
mod selection;
mod session;
mod session_kind;
mod session_owner;
mod session_parts;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "metrics")]
mod timed;

pub use answers::{DeletedSessions, RevokedSessions};
pub use contract::SessionStore;
pub use ephemeral::{
    Charge, Counter, Entry, EphemeralKey, EphemeralStore, Found, Lane, Rate, Refund,
};
pub use error::StoreError;
pub use feed::{Announcements, Cursor, RevocationPage};
pub use memory::MemoryStore;
pub use more::{InvalidMore, More};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresStore, PostgresStoreBuilder, TablePrefix};
#[cfg(all(fuzzing, feature = "redis"))]
#[doc(hidden)]
pub use redis::fuzzing as redis_rows;
#[cfg(feature = "redis")]
pub use redis::{KeyPrefix, RedisStore};
pub use revocation_reason::{RevocationReason, RevocationRecord};
pub use selection::SessionSelection;
pub use session::{Session, SessionDataError};
pub use session_kind::SessionKind;
pub use session_owner::SessionOwner;
pub use session_parts::SessionParts;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

#[cfg(feature = "metrics")]
pub(crate) use timed::TimedStore;

pub use crate::limits::REVOCATION_RETENTION;
pub use crate::revocation::{Receipt, Revocation};
/// The version of the crate `redis` whose clients [`RedisStore`] takes.
#[cfg(feature = "redis")]
pub use ::redis as redis_driver;
pub use async_trait::async_trait;
/// The version of `sqlx` whose pools `SqliteStore` and `PostgresStore` take.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use sqlx;

//! Sessions in Redis or Valkey.

mod announcements;
mod bytes;
mod changes;
mod clean_up;
mod connection;
mod credentials;
mod ephemeral;
mod erasure;
mod feed;
#[cfg(fuzzing)]
pub mod fuzzing;
mod head;
mod index;
mod index_key;
mod opening;
mod prefix;
mod pull;
mod row;
mod rows;
mod schema;
mod statements;
mod store;
mod subjects;
mod time;

pub use prefix::KeyPrefix;
pub use store::RedisStore;

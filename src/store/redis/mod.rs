//! Sessions in Redis or Valkey.

mod announcements;
mod clean_up;
mod connection;
mod error;
mod feed;
mod prefix;
mod row;
mod scripts;
mod store;
mod subjects;

pub use prefix::KeyPrefix;
pub use store::RedisStore;

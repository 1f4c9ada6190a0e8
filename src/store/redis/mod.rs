//! Sessions in Redis or Valkey.

mod announcements;
mod bytes;
mod changes;
mod clean_up;
mod cluster;
mod connection;
mod credentials;
mod destination;
mod entered;
mod ephemeral;
mod erasure;
mod feed;
#[cfg(fuzzing)]
pub mod fuzzing;
mod giving_back;
mod harmless;
mod head;
mod index;
mod index_key;
mod lately;
mod link;
mod opening;
mod pipeline;
mod prefix;
mod progress;
mod pull;
mod revoking;
mod row;
mod rows;
mod schema;
mod sentinels;
mod server;
mod servers;
mod statements;
mod store;
mod subjects;
mod tcp;

pub use prefix::KeyPrefix;
pub use store::RedisStore;

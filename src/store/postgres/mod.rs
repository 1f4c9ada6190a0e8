//! Sessions in PostgreSQL.

mod announcements;
mod builder;
mod ephemeral;
mod feed_place;
mod partitions;
mod pool;
mod pulls;
mod route;
mod row;
mod schema;
mod selected;
mod statements;
mod store;
mod table_prefix;

pub use builder::PostgresStoreBuilder;
pub use store::PostgresStore;
pub use table_prefix::TablePrefix;

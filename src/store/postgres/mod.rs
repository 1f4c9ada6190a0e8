//! Sessions in PostgreSQL.

mod announcements;
mod pulls;
mod row;
mod schema;
mod statements;
mod store;
mod table_prefix;

pub use store::PostgresStore;
pub use table_prefix::TablePrefix;

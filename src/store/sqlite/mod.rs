//! Sessions in a SQLite file.

mod commits;
mod row;
mod schema;
mod statements;
mod store;

pub use store::SqliteStore;

//! Sessions in a SQLite file.

mod schema;
mod statements;
mod store;

pub use store::SqliteStore;

//! Sessions in a SQLite file.

mod statements;
mod store;

pub use store::SqliteStore;

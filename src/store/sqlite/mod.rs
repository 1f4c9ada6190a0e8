//! Sessions in a SQLite file.

mod commits;
mod ephemeral;
mod row;
mod schema;
mod statements;
mod store;

pub use store::SqliteStore;

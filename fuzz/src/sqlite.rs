//! A database of SQLite in memory, one for each thread.

use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};
use tower_bearer::SqliteStore;
use tower_bearer::store::sqlx;

use crate::block_on;

thread_local! {
    static DATABASE: (SqlitePool, SqliteStore) = block_on(async {
        let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = pool.connect("sqlite::memory:").await.expect("memory");
        let store = SqliteStore::from_pool(pool.clone()).await.expect("the tables");
        (pool, store)
    });
}

/// Runs a check with the pool and the store of this thread.
pub fn with_sqlite(check: impl AsyncFnOnce(&SqlitePool, &SqliteStore)) {
    DATABASE.with(|(pool, store)| block_on(check(pool, store)));
}

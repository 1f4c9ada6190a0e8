//! Every store of the crate that needs no server keeps every promise of `SessionStore`.

use std::sync::Arc;

use support::InTurn;
use tempfile::TempDir;
use tower_bearer::store::SessionStore;
use tower_bearer::{MemoryStore, SqliteStore};

use crate::sqlite::{database, pool};

mod memory {
    use super::*;

    tower_bearer::store_conformance!(async || MemoryStore::new());
}

/// Calls go to one and the other in turn: they are one store.
mod two_clones_of_one_memory_store {
    use super::*;

    async fn make_store() -> InTurn<MemoryStore> {
        let store = MemoryStore::new();
        InTurn::new([store.clone(), store])
    }

    tower_bearer::store_conformance!(make_store);
}

mod chosen_at_run_time {
    use super::*;

    async fn make_store() -> Arc<dyn SessionStore> {
        Arc::new(MemoryStore::new())
    }

    tower_bearer::store_conformance!(make_store);
}

mod sqlite_file {
    use super::*;

    async fn make_store() -> (SqliteStore, TempDir) {
        let (directory, path) = database();
        (SqliteStore::open(path).await.unwrap(), directory)
    }

    tower_bearer::store_conformance!(make_store);
}

mod sqlite_pool_of_the_application {
    use super::*;

    async fn make_store() -> (SqliteStore, TempDir) {
        let (directory, path) = database();
        (
            SqliteStore::from_pool(pool(&path).await).await.unwrap(),
            directory,
        )
    }

    tower_bearer::store_conformance!(make_store);
}

/// Calls go to one and the other in turn: neither may keep anything to itself.
mod two_sqlite_stores_on_one_file {
    use super::*;

    async fn make_store() -> (InTurn<SqliteStore>, TempDir) {
        let (directory, path) = database();
        let stores = [
            SqliteStore::open(&path).await.unwrap(),
            SqliteStore::open(&path).await.unwrap(),
        ];
        (InTurn::new(stores), directory)
    }

    tower_bearer::store_conformance!(make_store);
}

//! The store of `examples/store.rs` keeps every promise of `SessionStore`.

#[allow(dead_code, reason = "it is a program of its own")]
#[path = "../../examples/store.rs"]
mod store;

tower_bearer::store_conformance!(async || store::MapStore::default());

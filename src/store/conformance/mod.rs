//! The promises of a [`SessionStore`](crate::store::SessionStore) and of its
//! [`EphemeralStore`](crate::store::EphemeralStore), each as a function that panics when the store
//! breaks it.
//!
//! They are for authors of stores: [`store_conformance!`](crate::store_conformance) makes a test of
//! each. Every function takes a fresh, empty store. Many tasks race in the promises about
//! atomicity, so a runtime with several threads finds more.
//!
//! Some promises cannot be tested from outside, and are left to the author: that `Ok` is durable in
//! a power failure, and that `delete_expired` works in small batches. Each function has one handle
//! of the store, so what one process does is not looked at from another: make a store that passes
//! its calls to two of yours in turn, on the same database, and test that too.

mod again;
mod announced;
mod confirm;
mod counters;
mod delete;
mod dropped;
mod ephemeral;
mod erase;
mod feed;
mod fields;
mod list;
mod promises;
mod replace;
mod revoke;
mod revoke_all;
mod rows;
mod selection;
mod support;
mod values;

pub use promises::*;

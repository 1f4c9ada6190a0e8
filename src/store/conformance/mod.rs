//! The promises of a [`SessionStore`](crate::SessionStore), each as a function that panics when the
//! store breaks it.
//!
//! For authors of stores: [`store_conformance!`](crate::store_conformance) makes a test of each.
//! Every function takes a fresh, empty store. Promises about atomicity are raced by many tasks, so
//! a runtime with several threads finds more.
//!
//! What cannot be tested from outside is left to the author: that `Ok` is durable when the power
//! fails, and that `delete_expired` works in small batches.

mod again;
mod announced;
mod confirm;
mod delete;
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

pub use promises::*;

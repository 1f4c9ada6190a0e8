//! The crate beside its peers: what they are, the tokens that they get, and the measures.
//!
//! `paths` walks the named paths of a request, for Callgrind. `table` prints the rows of
//! docs/performance.md, and `allocations` those that count allocations.

pub mod kind;
pub mod measured;
pub mod peers;
pub mod route;
pub mod side;
pub mod tokens;

#[cfg(feature = "table")]
pub mod counting;
#[cfg(feature = "table")]
pub mod rounds;
#[cfg(feature = "table")]
pub mod rows;
#[cfg(feature = "table")]
pub mod table;

/// The runtime that every program has: its one thread does what sessions do in the background.
pub fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let built = builder.worker_threads(1).enable_all().build();
    built.expect("threads can be started")
}

//! The stores that need a server of their own: against real ones. `tests/run` starts them and says where they are.

#![allow(clippy::unwrap_used)]

#[path = "../support/in_turn.rs"]
mod in_turn;
mod postgres;
mod redis;
#[path = "../support/servers/mod.rs"]
mod servers;

/// Where a server listens. A server that is not there fails the suite.
fn url(variable: &str) -> String {
    std::env::var(variable)
        .unwrap_or_else(|_| panic!("{variable} is not set: run tests/run, which starts the servers and sets it"))
}

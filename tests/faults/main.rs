//! Real processes: two servers on one store, and stores that are killed, paused and set back. `tests/run` finds the programs.

#![allow(clippy::unwrap_used)]

#[path = "../support/app_server.rs"]
mod app_server;
#[path = "../support/servers/mod.rs"]
mod servers;

mod example;
mod private_servers;

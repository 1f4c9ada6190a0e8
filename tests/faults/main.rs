//! Real processes: two servers on one store, and stores that are killed, paused and set back. `tests/run` finds the programs.

#![allow(clippy::unwrap_used)]

#[path = "../support/app_server.rs"]
mod app_server;
#[path = "../support/servers/mod.rs"]
mod servers;
#[path = "../support/request.rs"]
mod support;

mod example;
mod kills;
mod logouts;
mod one_token;
mod pauses;
mod pool;
mod postgres;
mod private_servers;
mod set_back;
mod site;
mod storm;
#[path = "../support/wait.rs"]
mod wait;

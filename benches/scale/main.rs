//! The figures of `docs/scale.md`, on a cluster of Redis: bytes, commands, memory of revocations,
//! and many processes that pull.
//!
//! ```sh
//! benches/scale/run [sizes] [feed] [processes]
//! ```
//!
//! It starts three primaries, and this program. A cluster that `BENCH_REDIS_CLUSTER_URL` names has
//! to be empty, without replicas in the URL: everything in it is **deleted**. `SESSIONS` says how
//! many sessions there are in the end (10,000,000), `THROUGH_STORE` how many of them at most go
//! through the store and are not copied (1,000,000), `REVOKED` how many revocations (10,000,000),
//! `PROCESSES` how many processes (100), `SECONDS` how long each of their loads is measured (10).

#![allow(clippy::unwrap_used)]

mod commands;
mod copies;
mod crowd;
mod feed;
mod nodes;
mod processes;
mod rows;
mod sizes;

use std::time::Duration;

use support::Accounts;
use tower_bearer::store::SessionStore;
use tower_bearer::{Secret, Sessions};

fn main() {
    let url = std::env::var("BENCH_REDIS_CLUSTER_URL");
    let url = url.expect("BENCH_REDIS_CLUSTER_URL names the primaries: start benches/scale/run");
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let wants = |what: &str| {
        let mut named = wanted.iter().filter(|name| !name.starts_with('-'));
        named.clone().next().is_none() || named.any(|name| name == what)
    };
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    if wants("sizes") {
        runtime().block_on(sizes::print(&url));
    }
    if wants("feed") {
        feed::print(&url, &runtime());
    }
    if wants("processes") {
        runtime().block_on(processes::print(&url));
    }
}

/// Sessions of one of several processes that share a store and a secret.
fn process(store: impl SessionStore, secret: &Secret) -> Sessions {
    process_of(Accounts::everybody(), store, secret)
}

fn process_of(accounts: Accounts, store: impl SessionStore, secret: &Secret) -> Sessions {
    let sessions = Sessions::builder(accounts, store);
    let sessions = sessions.issuer("https://bench.example").audience("bench");
    sessions.secret(secret.clone()).build().unwrap()
}

fn number(name: &str, default: u32) -> u32 {
    std::env::var(name).map_or(default, |number| number.parse().unwrap())
}

const SECOND: Duration = Duration::from_secs(1);

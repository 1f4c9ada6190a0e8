//! The stores that need a server of their own: against real ones. `tests/run` starts them and says
//! where they are.

mod docs;
mod idle;
mod postgres;
mod redis;
mod short_lived;
mod throttle;
mod tickets;

use tower_bearer::clock::{Clock, SystemClock, Timestamp};

fn now() -> Timestamp {
    SystemClock.now()
}

/// Where a server listens. A server that is not there fails the suite.
fn url(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set: run tests/run, which starts the servers and sets it")
    })
}

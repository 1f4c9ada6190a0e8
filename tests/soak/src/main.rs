//! A soak: two servers on one PostgreSQL, clients that call and refresh all the time, and faults.
//!
//! ```sh
//! tests/soak/run                              # ten minutes with 2,000 sessions
//! tests/soak/run --seconds 60 --sessions 200
//! ```
//!
//! It fails if a client that did not log out is logged out, if a token of one that did is accepted,
//! or, in a soak of five minutes or more, if the server that is not killed grows after the first
//! minute. It needs Linux.

mod client;
mod counts;
mod either;
mod faults;
mod link;
mod offset_clock;
mod serve;
mod server;
mod soak;

use std::time::Duration;

use tracing_subscriber::filter::LevelFilter;

#[tokio::main]
async fn main() {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::OFF)
        .init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        return serve::serve().await;
    }
    let number = |name: &str, default: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.map_or(default, |at| arguments[at + 1].parse().expect(name))
    };
    let (seconds, sessions) = (number("--seconds", 600), number("--sessions", 2000));
    soak::run(Duration::from_secs(seconds), sessions as usize).await;
}

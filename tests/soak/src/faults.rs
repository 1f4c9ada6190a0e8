//! The faults, each at its part of the whole time.

use std::time::Duration;

use support::servers::{Database, PostgresServer};
use tokio::time::{Instant, sleep, sleep_until};

use crate::counts::Counts;
use crate::server::Server;

/// The first server is killed, the other one never is: its memory is looked at from the first
/// minute to the end.
pub(crate) async fn faults(
    [one, other]: [&Server; 2],
    database: &mut PostgresServer,
    whole: Duration,
    counts: &Counts,
) {
    let start = Instant::now();
    let at = async |part: f64, what: &str| {
        sleep_until(start + whole.mul_f64(part)).await;
        println!(
            "{:>5.0} s  {:>6} KiB  {what}: {}",
            start.elapsed().as_secs_f64(),
            other.resident(),
            counts.line()
        );
    };
    // The worst comes in the first minute, when each client waits: from then on queues, pools and
    // the allocator have their size.
    at(0.01, "the other server does not reach the database").await;
    other.link.cut();
    sleep(CUT.min(whole / 12)).await;
    other.link.heal();
    at(0.12, "the first server is killed").await;
    one.kill();
    sleep(Duration::from_secs(2)).await;
    one.start_again().await;
    at(0.22, "the other server is paused").await;
    other.pause();
    sleep(Duration::from_secs(10)).await;
    other.resume();
    at(0.32, "the database is killed").await;
    database.kill();
    sleep(Duration::from_secs(3)).await;
    database.start_again().await;
    at(0.40, "the first server does not reach the database").await;
    one.link.cut();
    sleep(CUT.min(whole / 8)).await;
    one.link.heal();
    at(0.54, "the database is paused").await;
    database.pause();
    sleep(Duration::from_secs(6)).await;
    database.resume();
    at(0.62, "the first server is paused, and killed in its sleep").await;
    one.pause();
    sleep(Duration::from_secs(5)).await;
    one.kill();
    one.start_again().await;
    at(0.70, "the other server does not reach the database").await;
    other.link.cut();
    sleep(CUT.min(whole / 8)).await;
    other.link.heal();
    at(0.84, "no server reaches the database").await;
    one.link.cut();
    other.link.cut();
    sleep(Duration::from_secs(5)).await;
    one.link.heal();
    other.link.heal();
    at(1.0, "the end").await;
}

/// Longer than a server goes on without its store.
const CUT: Duration = Duration::from_secs(45);

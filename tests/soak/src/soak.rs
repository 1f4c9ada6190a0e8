//! Starts everything, waits for the faults, and looks at the result.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use support::servers::{Database, PostgresServer};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::counts::Counts;
use crate::either::{Either, http};
use crate::faults::faults;
use crate::server::Server;

/// Panics if something happened that must not.
pub(crate) async fn run(whole: Duration, sessions: usize) {
    let mut database = PostgresServer::start().await;
    let port = database
        .url()
        .rsplit(':')
        .next()
        .and_then(|rest| rest.split('/').next()?.parse().ok());
    let port = port.expect("the port of the database");
    // Their clocks differ by eight seconds: the overlap allows for less than fifteen.
    let one = Server::start(port, 4).await;
    let other = Server::start(port, -4).await;
    let (counts, http) = (Arc::new(Counts::default()), http());
    let ports = [one.port(), other.port()];

    let mut logins = JoinSet::new();
    for number in 0..sessions {
        let either = Either::of(http.clone(), ports, number);
        let client = Client::new(number, one.port(), either, Arc::clone(&counts));
        logins.spawn(async move {
            client.log_in().await;
            client
        });
    }
    let clients = logins.join_all().await;
    println!("{sessions} sessions for {} s", whole.as_secs());

    let (is_over, over) = watch::channel(false);
    let (start, mut running) = (Instant::now(), JoinSet::new());
    for (number, client) in clients.into_iter().enumerate() {
        // One in twenty logs out, spread over the first three quarters.
        let part = number as f64 / sessions as f64 * 0.75;
        let leaves = (number % 20 == 7).then(|| start + whole.mul_f64(part));
        running.spawn(client.run(over.clone(), leaves));
    }
    let minute = (whole / 10).min(Duration::from_secs(60));
    let after_a_minute = async {
        sleep(minute).await;
        other.resident()
    };
    let (before, ()) = tokio::join!(
        after_a_minute,
        faults([&one, &other], &mut database, whole, &counts)
    );
    let after = other.resident();
    is_over.send_replace(true);
    running.join_all().await;

    println!("{}", counts.line());
    println!(
        "resident memory of the server that was not killed: {before} KiB after {} s, {after} KiB \
         at the end ({:+.1} %)",
        minute.as_secs(),
        (after as f64 / before as f64 - 1.0) * 100.0
    );
    let faults = counts.faults();
    assert!(faults.is_empty(), "{faults:#?}");
    let (logged_out, refused) = (&counts.logged_out, &counts.refused);
    assert_eq!(refused.load(Relaxed), 2 * logged_out.load(Relaxed));
    assert!(logged_out.load(Relaxed) > 0);
    // A short soak ends before the pools and queues have their size.
    assert!(
        whole < LONG || after * 100 <= before * 105,
        "a server grows"
    );
}

const LONG: Duration = Duration::from_secs(300);

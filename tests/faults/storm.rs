//! [`Storm`]: clients that refresh all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use serde_json::Value;
use support::app_server::AppServer;
use support::wait::{LIMIT, until};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Each client has a session of its own and goes to both servers in turn. What failed it repeats,
/// with the same token, at the other server. Any answer but 200 and 503 ends the test.
pub(crate) struct Storm {
    clients: JoinSet<Value>,
    seen: Arc<Seen>,
}

/// The counts of all clients together.
#[derive(Debug, Default)]
struct Seen {
    refreshed: AtomicUsize,
    rotated: AtomicUsize,
    unavailable: AtomicUsize,
    cut_off: AtomicUsize,
    over: AtomicBool,
}

impl Storm {
    pub(crate) fn start(servers: &[Arc<AppServer>; 2], sessions: Vec<Value>) -> Self {
        let seen = Arc::<Seen>::default();
        let mut clients = JoinSet::new();
        for (number, tokens) in sessions.into_iter().enumerate() {
            clients.spawn(refresh_all_the_time(
                servers.clone(),
                number,
                tokens,
                Arc::clone(&seen),
            ));
        }
        Self { clients, seen }
    }

    /// Waits until there were so many more rotations.
    pub(crate) async fn rotates(&self, times: usize) {
        let enough = self.seen.rotated.load(Relaxed) + times;
        self.sees("rotations", || self.seen.rotated.load(Relaxed) >= enough)
            .await;
    }

    /// A client was answered with 503.
    pub(crate) async fn is_refused(&self) {
        let before = self.seen.unavailable.load(Relaxed);
        self.sees("a 503", || self.seen.unavailable.load(Relaxed) > before)
            .await;
    }

    async fn sees(&self, what: &str, holds: impl Fn() -> bool) {
        // A client that panicks ends it for all. The end tells why.
        until(what, 3 * LIMIT, async || {
            holds() || self.seen.over.load(Relaxed)
        })
        .await;
    }

    /// Each client refreshes once more, with what it holds. What they hold then, and how many 503
    /// they have seen in all.
    pub(crate) async fn end(mut self, name: &str) -> (Vec<Value>, usize) {
        self.seen.over.store(true, Relaxed);
        let mut tokens = Vec::new();
        while let Some(client) = timeout(LIMIT, self.clients.join_next())
            .await
            .expect("a client cannot refresh any more")
        {
            tokens.push(client.unwrap());
        }
        println!("{name}: {:?}", self.seen);
        (tokens, self.seen.unavailable.load(Relaxed))
    }
}

async fn refresh_all_the_time(
    servers: [Arc<AppServer>; 2],
    number: usize,
    mut tokens: Value,
    seen: Arc<Seen>,
) -> Value {
    for server in servers.iter().cycle().skip(number % 2) {
        // Asked first, so that it ends with a refresh that began after the end of the storm.
        let over = seen.over.load(Relaxed);
        match server
            .try_refresh(&tokens)
            .await
            .map(|answer| answer.status_and_value())
        {
            Ok((200, renewed)) => {
                seen.refreshed.fetch_add(1, Relaxed);
                if renewed["refresh_token"] != tokens["refresh_token"] {
                    seen.rotated.fetch_add(1, Relaxed);
                }
                tokens = renewed;
                uses(server, &tokens, &seen).await;
                if over {
                    break;
                }
            }
            Ok((503, ..)) => drop(seen.unavailable.fetch_add(1, Relaxed)),
            Err(_) => drop(seen.cut_off.fetch_add(1, Relaxed)),
            Ok((status, answer)) => end_the_test(&seen, &format!("refresh: {status} {answer}")),
        }
    }
    tokens
}

/// Sends an access token, so that generations are confirmed.
async fn uses(server: &AppServer, tokens: &Value, seen: &Seen) {
    match server
        .try_get("/me", &tokens["access_token"])
        .await
        .map(|answer| answer.status_and_value())
    {
        Ok((200, ..)) => {}
        Ok((503, ..)) => drop(seen.unavailable.fetch_add(1, Relaxed)),
        Err(_) => drop(seen.cut_off.fetch_add(1, Relaxed)),
        Ok((status, answer)) => end_the_test(seen, &format!("/me: {status} {answer}")),
    }
}

fn end_the_test(seen: &Seen, why: &str) -> ! {
    seen.over.store(true, Relaxed);
    panic!("{why}")
}

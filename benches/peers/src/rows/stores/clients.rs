//! Many clients, each with a session of its own, against the same number of bare calls.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tower_bearer::Sessions;
use tower_bearer::keys::RefreshToken;
use tower_bearer::store::SessionStore;

use crate::kind::Kind;
use crate::peers::sessions::{Site, refresh_token};
use crate::rounds::median;
use tower_bearer::Identity;

/// Medians of what each round found.
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    /// Our refreshes a second over the bare calls.
    pub rate: f64,
    /// Our 99th percentile over that of the bare calls.
    pub p99: f64,
}

/// Lets refreshes and bare calls take turns. `bare` gets the number of its client.
pub async fn compare<F>(
    rounds: usize,
    clients: usize,
    store: impl SessionStore,
    bare: impl Fn(usize) -> F + Send + Sync + 'static,
) -> Compared
where
    F: Future<Output = ()> + Send + 'static,
{
    let site = Site::with_store(Kind::Hs256, store);
    let bare = Arc::new(bare);
    let mut tokens = Vec::new();
    for client in 0..clients {
        let login = site.sessions.start(Identity::new(client as i64)).await;
        tokens.push(refresh_token(&login.expect("the store works")));
    }
    let (mut rates, mut p99s) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut refreshes = Round::default();
        let mut next = JoinSet::new();
        for token in tokens.drain(..) {
            next.spawn(refresh_until(
                site.sessions.clone(),
                token,
                Instant::now() + ROUND,
            ));
        }
        for (token, times) in next.join_all().await {
            tokens.push(token);
            refreshes.times.extend(times);
        }
        let mut calls = Round::default();
        let mut next = JoinSet::new();
        for client in 0..clients {
            next.spawn(call_until(
                Arc::clone(&bare),
                client,
                Instant::now() + ROUND,
            ));
        }
        for times in next.join_all().await {
            calls.times.extend(times);
        }
        rates.push(refreshes.times.len() as f64 / calls.times.len() as f64);
        p99s.push(refreshes.p99() / calls.p99());
    }
    Compared {
        rate: median(rates),
        p99: median(p99s),
    }
}

async fn refresh_until(
    sessions: Sessions,
    mut token: RefreshToken,
    end: Instant,
) -> (RefreshToken, Vec<Duration>) {
    let mut times = Vec::new();
    while Instant::now() < end {
        let start = Instant::now();
        let tokens = sessions.refresh(token).await;
        times.push(start.elapsed());
        token = refresh_token(&tokens.expect("the store works"));
    }
    (token, times)
}

async fn call_until<F: Future<Output = ()>>(
    bare: Arc<impl Fn(usize) -> F>,
    client: usize,
    end: Instant,
) -> Vec<Duration> {
    let mut times = Vec::new();
    while Instant::now() < end {
        let start = Instant::now();
        bare(client).await;
        times.push(start.elapsed());
    }
    times
}

/// How long each call of a round took.
#[derive(Default)]
struct Round {
    times: Vec<Duration>,
}

impl Round {
    fn p99(&mut self) -> f64 {
        self.times.sort_unstable();
        self.times[self.times.len() * 99 / 100].as_secs_f64()
    }
}

const ROUND: Duration = Duration::from_millis(700);

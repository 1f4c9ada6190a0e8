//! Many clients, each with a session of its own, against the same number of bare calls.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tower_bearer::keys::RefreshToken;
use tower_bearer::store::SessionStore;
use tower_bearer::{Identity, Sessions};

use crate::kind::Kind;
use crate::peers::sessions::{Site, refresh_token};
use crate::rounds::median;

/// Medians of what the rounds found.
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    /// Our refreshes a second over the bare calls.
    pub rate: f64,
    /// Our 99th percentile over that of the bare calls.
    pub p99: f64,
}

/// Lets refreshes and bare calls take turns. `bare` gets the number of its client.
///
/// It also prints what both reach, as a comment.
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
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let end = Instant::now() + ROUND;
        let mut running = JoinSet::new();
        for token in tokens.drain(..) {
            running.spawn(refresh_until(site.sessions.clone(), token, end));
        }
        let (next, times): (Vec<_>, Vec<_>) = running.join_all().await.into_iter().unzip();
        tokens = next;
        ours.push(Round::of(times));

        let end = Instant::now() + ROUND;
        let mut running = JoinSet::new();
        for client in 0..clients {
            running.spawn(call_until(Arc::clone(&bare), client, end));
        }
        theirs.push(Round::of(running.join_all().await));
    }
    let medians = |of: fn(&Round) -> f64| {
        let ratios = ours
            .iter()
            .zip(&theirs)
            .map(|(ours, theirs)| of(ours) / of(theirs));
        let alone = |rounds: &[Round]| median(rounds.iter().map(of).collect());
        (median(ratios.collect()), alone(&ours), alone(&theirs))
    };
    let (rate, p99) = (medians(Round::per_second), medians(Round::p99));
    println!("# refreshes: {:.0}/s, p99 {:.2} ms", rate.1, p99.1 * 1e3);
    println!("# bare calls: {:.0}/s, p99 {:.2} ms", rate.2, p99.2 * 1e3);
    Compared {
        rate: rate.0,
        p99: p99.0,
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

/// How long each call of a round took, the shortest first.
struct Round(Vec<Duration>);

impl Round {
    fn of(clients: Vec<Vec<Duration>>) -> Self {
        let mut times = clients.concat();
        times.sort_unstable();
        Self(times)
    }

    fn per_second(&self) -> f64 {
        self.0.len() as f64 / ROUND.as_secs_f64()
    }

    fn p99(&self) -> f64 {
        self.0[self.0.len() * 99 / 100].as_secs_f64()
    }
}

const ROUND: Duration = Duration::from_millis(700);

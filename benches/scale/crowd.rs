//! [`Crowd`] is many processes on one cluster, each with connections of its own.

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::{Request, Response};
use support::{FailingStore, bearer_of, with_authorization};
use tokio::task::JoinSet;
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::AccessTokenWatch;
use tower_bearer::{BearerAuthLayer, Identity, RedisStore, Secret, Sessions, TokenResponse};

use super::{number, process};

/// Processes that serve requests as long as they are watched.
pub(super) struct Crowd {
    processes: Vec<(Sessions, BearerAuthLayer)>,
}

impl Crowd {
    pub(super) async fn start(url: &str, secret: &Secret, announced: bool) -> Self {
        let (mut starting, mut processes) = (JoinSet::new(), Vec::new());
        for _ in 0..number("PROCESSES", 100) {
            if starting.len() == AT_ONCE {
                processes.push(starting.join_next().await.unwrap().unwrap());
            }
            let (url, secret) = (url.to_owned(), secret.clone());
            starting.spawn(async move {
                let store = RedisStore::open(&url).await.unwrap();
                let sessions = if announced {
                    process(store, &secret)
                } else {
                    // It announces nothing that the store does.
                    process(FailingStore::new(store), &secret)
                };
                let layer = sessions.layer();
                (sessions, layer)
            });
        }
        processes.extend(starting.join_all().await);
        Self { processes }
    }

    /// Lets each process serve a request with this token, and go on serving until the watches are
    /// dropped.
    pub(super) async fn watch(&self, pair: &TokenResponse) -> Vec<AccessTokenWatch> {
        let mut watches = Vec::new();
        for (_, layer) in &self.processes {
            watches.push(watch(layer, pair).await);
        }
        watches
    }

    /// Logs a session out at the first process, and returns how long it took until each process
    /// knew.
    pub(super) async fn felt(&self) -> Vec<Duration> {
        let (actor, _) = &self.processes[0];
        let pair = actor.start(Identity::new("felt")).await.unwrap();
        let mut ends = JoinSet::new();
        for watch in self.watch(&pair).await {
            ends.spawn(async move {
                watch.ended().await;
                Instant::now()
            });
        }
        // Each of them waits by now.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let start = Instant::now();
        actor.log_out(pair.access_token().secret()).await.unwrap();
        let ends = ends.join_all().await;
        ends.into_iter().map(|end| end - start).collect()
    }
}

async fn watch(layer: &BearerAuthLayer, pair: &TokenResponse) -> AccessTokenWatch {
    let found = Arc::new(Mutex::new(None));
    loop {
        let taken = Arc::clone(&found);
        let handler = service_fn(move |request: Request<String>| {
            *taken.lock().unwrap() = AccessTokenWatch::from_extensions(request.extensions());
            ready(Ok::<_, Infallible>(Response::new(String::new())))
        });
        let request = with_authorization(&bearer_of(pair));
        let _ = layer.layer(handler).oneshot(request).await;
        if let Some(watch) = found.lock().unwrap().take() {
            return watch;
        }
    }
}

const AT_ONCE: usize = 16;

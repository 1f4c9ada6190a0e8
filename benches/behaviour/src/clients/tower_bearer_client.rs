//! tower-bearer-client in front of the server of this crate, with an overlap of zero.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use http_body_util::Full;
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer_client::{HttpClient, Login, ManualClock, Server};

use super::eight_tasks::{Seen, TASKS};
use crate::peer::Peer;
use crate::peers::tower_bearer::TowerBearer;

/// Half a minute before an access token expires.
const ALMOST: Duration = Duration::from_secs(29 * 60 + 30);

pub async fn row() -> Seen {
    let peer = TowerBearer::without_overlap();
    let (requests, refused) = (Arc::default(), Arc::default());
    let http = counted(&peer, &requests, &refused);
    let clock = ManualClock::new();
    let server = Server::new("http://127.0.0.1:3000", "/auth").expect("it is loopback");
    let login = Login::builder(server)
        .clock(clock.clone())
        .open(http.clone())
        .await;
    let login = login.expect("nothing is stored");
    login
        .log_in("alice", "correct-horse")
        .await
        .expect("the password is right");
    let client = login.layer().layer(http);

    peer.advance(ALMOST);
    clock.advance(ALMOST);
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| tokio::spawn(client.clone().oneshot(me())))
        .collect();
    for task in tasks {
        let reply = task.await.expect("no panic").expect("the server is there");
        assert_eq!(reply.status(), 200);
    }
    let seen = (
        requests.load(Ordering::Relaxed),
        refused.load(Ordering::Relaxed),
    );

    peer.advance(ALMOST);
    clock.advance(ALMOST);
    let reply = client.oneshot(me()).await.expect("the server is there");
    Seen {
        requests: seen.0,
        refused: seen.1,
        is_in: reply.status() == 200,
    }
}

fn me() -> Request<Full<Bytes>> {
    let request = Request::get("http://127.0.0.1:3000/me");
    request.body(Full::default()).expect("a valid request")
}

/// The application of the peer as an HTTP client, without a connection.
fn counted(
    peer: &TowerBearer,
    requests: &Arc<AtomicUsize>,
    refused: &Arc<AtomicUsize>,
) -> impl HttpClient<Body = Body, Error = Infallible> {
    let (app, requests, refused) = (peer.app.clone(), requests.clone(), refused.clone());
    service_fn(move |request: Request<Full<Bytes>>| {
        let (app, requests, refused) = (app.clone(), requests.clone(), refused.clone());
        let is_refresh = request.uri().path() == "/auth/refresh";
        async move {
            let response: Response<Body> = app.oneshot(request.map(Body::new)).await?;
            if is_refresh {
                requests.fetch_add(1, Ordering::Relaxed);
                let is_refused = !response.status().is_success();
                refused.fetch_add(is_refused.into(), Ordering::Relaxed);
            }
            Ok::<_, Infallible>(response)
        }
    })
}

//! The other side: a Tower client that sends the access token, renews it ahead of time and once for
//! all calls, and repeats a 401 once.
//!
//! ```sh
//! cargo run --example server &
//! cargo run --example client
//! ```
//!
//! `ADDR` is where the server listens.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;
use tower::{Layer, ServiceExt};
use tower_bearer_client::{BearerClient, BoxError, Login, ManualClock, Server};

/// Plain HTTP will do on loopback. Elsewhere the connector is that of `hyper-rustls`.
type App = BearerClient<Client<HttpConnector, Full<Bytes>>>;

#[tokio::main]
async fn main() {
    if let Err(error) = run().await {
        eprint!("error: {error}");
        let mut cause = error.source();
        while let Some(next) = cause {
            eprint!(": {next}");
            cause = next.source();
        }
        eprintln!(". The server is started by: cargo run --example server");
        std::process::exit(1);
    }
}

async fn run() -> Result<(), BoxError> {
    let addr = std::env::var("ADDR").unwrap_or("http://127.0.0.1:3000".to_owned());
    // The server's own ADDR has no scheme.
    let origin = if addr.contains("://") {
        addr
    } else {
        format!("http://{addr}")
    };
    let server = Server::new(&origin, "/auth")?;
    let me = format!("{}/me", origin.trim_end_matches('/')).parse()?;

    // A real client keeps the clock of the system. This one wants to see a token grow old, and has
    // no half hour.
    let clock = ManualClock::at(SystemTime::now());
    let http = Client::builder(TokioExecutor::new()).build_http();
    let login = Login::builder(server)
        .clock(clock.clone())
        .open(http.clone())
        .await?;
    let client: App = login.layer().layer(http);

    login.log_in("alice", "wonderland-7").await?;
    println!("logged in as alice");
    println!("{}, {}", calls(&client, &me).await?, refreshes(&login));

    clock.advance(Duration::from_secs(30 * 60));
    println!("half an hour later, by this client's clock");
    println!("{}, {}", calls(&client, &me).await?, refreshes(&login));

    login.log_out().await?;
    println!("logged out");
    Ok(())
}

/// Five at once.
async fn calls(client: &App, uri: &Uri) -> Result<String, BoxError> {
    let request = Request::get(uri).body(Full::default())?;
    let calls: JoinSet<_> = (0..5)
        .map(|_| client.clone().oneshot(request.clone()))
        .collect();
    let mut answered = 0;
    for outcome in calls.join_all().await {
        answered += usize::from(outcome?.status() == StatusCode::OK);
    }
    Ok(format!("5 calls at once, {answered} answered 200"))
}

fn refreshes(login: &Login) -> String {
    match login.refreshes() {
        1 => "1 refresh".to_owned(),
        other => format!("{other} refreshes"),
    }
}

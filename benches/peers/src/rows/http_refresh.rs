//! `POST /auth/refresh` over HTTP on durable SQLite, over the page that people copy: FastAPI,
//! PyJWT and SQLite, which writes nothing.

use std::future::Future;
use std::time::{Duration, Instant};

use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::serve::Served;
use crate::rounds::median;
use crate::table::Goal::AtLeast;
use crate::table::Table;

pub fn rows(table: &Table) {
    let name = "http_refresh_over_fastapi_rate";
    if !table.wants(name) {
        return;
    }
    let Some(fastapi) = std::env::var("BENCH_FASTAPI_PORT").ok() else {
        return table.skip(name, "BENCH_FASTAPI_PORT names no server");
    };
    let fastapi: u16 = fastapi.parse().expect("BENCH_FASTAPI_PORT is a number");
    table.row(name, AtLeast(5.0), || {
        let served = Served::start("refreshes");
        Handle::current().block_on(async {
            let mut ours = clients(served.port, &served.lines).await;
            // The page reads its token, and goes on reading it.
            let token = get(fastapi, "/token").await["refresh_token"].clone();
            let token = token.as_str().expect("a token").to_owned();
            let mut theirs = clients(fastapi, &vec![token; CLIENTS]).await;
            let (mut ratios, mut rates) = (Vec::new(), Vec::new());
            for _ in 0..table.rounds(9, 5) {
                let (own, other) = (round(&mut ours).await, round(&mut theirs).await);
                ratios.push(own / other);
                rates.push((own, other));
            }
            let one = |of: fn(&(f64, f64)) -> f64| median(rates.iter().map(of).collect());
            println!(
                "# ours {:.0}/s, FastAPI {:.0}/s",
                one(|rate| rate.0),
                one(|rate| rate.1)
            );
            median(ratios)
        })
    });
}

type Connection = SendRequest<Full<bytes::Bytes>>;

/// A client with its connection and its refresh token.
type Client = (Connection, String);

async fn clients(port: u16, tokens: &[String]) -> Vec<Client> {
    let mut clients = Vec::new();
    for token in tokens {
        clients.push((connect(port).await, token.clone()));
    }
    clients
}

/// Refreshes a second of all clients.
async fn round(clients: &mut Vec<Client>) -> f64 {
    let mut running = JoinSet::new();
    for client in clients.drain(..) {
        running.spawn(refresh_until(client, Instant::now() + ROUND));
    }
    let mut count = 0;
    for (client, refreshes) in running.join_all().await {
        clients.push(client);
        count += refreshes;
    }
    f64::from(count) / ROUND.as_secs_f64()
}

fn refresh_until(client: Client, end: Instant) -> impl Future<Output = (Client, u32)> + Send {
    let (mut connection, mut token) = client;
    async move {
        let mut count = 0;
        while Instant::now() < end {
            let mut request = Request::post("/auth/refresh").header(header::HOST, "localhost");
            let headers = request.headers_mut().expect("the request is good");
            headers.insert(header::CONTENT_TYPE, FORM);
            let body = format!("refresh_token={token}");
            let request = request.body(Full::from(body)).expect("the request is good");
            let answer = send(&mut connection, request).await;
            if let Some(next) = answer["refresh_token"].as_str() {
                next.clone_into(&mut token);
            }
            count += 1;
        }
        ((connection, token), count)
    }
}

async fn get(port: u16, path: &str) -> Value {
    let request = Request::get(path).header(header::HOST, "localhost");
    let request = request.body(Full::default()).expect("the request is good");
    send(&mut connect(port).await, request).await
}

async fn send(connection: &mut Connection, request: Request<Full<bytes::Bytes>>) -> Value {
    connection.ready().await.expect("the connection is open");
    let response = connection.send_request(request).await;
    let response = response.expect("the server answers");
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.into_body().collect().await.expect("a body");
    serde_json::from_slice(&body.to_bytes()).expect("JSON")
}

async fn connect(port: u16) -> Connection {
    let stream = TcpStream::connect(("127.0.0.1", port)).await;
    let stream = TokioIo::new(stream.expect("the server listens"));
    let (sender, connection) = handshake(stream).await.expect("the server speaks HTTP");
    tokio::spawn(connection);
    sender
}

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
pub const CLIENTS: usize = 32;
const ROUND: Duration = Duration::from_secs(1);

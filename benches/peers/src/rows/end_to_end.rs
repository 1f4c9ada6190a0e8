//! What a request costs its server over loopback, layer or not.

use std::fs;

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::serve::Served;
use crate::rounds::ratio;
use crate::table::Goal::{AtMost, Told};
use crate::table::Table;

pub fn rows(table: &Table) {
    for (layer, goal) in [
        ("sessions", AtMost(1.06)),
        ("bare", AtMost(1.06)),
        ("hand_written", Told),
    ] {
        table.row(&format!("end_to_end_cpu_{layer}"), goal, || {
            let (mut with, mut without) = (Server::start(layer), Server::start("no_layer"));
            with.cost();
            without.cost();
            ratio(table.rounds(31, 11), || with.cost(), || without.cost())
        });
    }
}

struct Server {
    served: Served,
    tokens: Vec<HeaderValue>,
    connections: Vec<SendRequest<Empty<Bytes>>>,
}

impl Server {
    fn start(layer: &str) -> Self {
        let served = Served::start(layer);
        let tokens = served.lines.iter().map(|token| token.parse());
        Self {
            tokens: tokens.collect::<Result<_, _>>().expect("visible ASCII"),
            connections: Handle::current().block_on(connect(served.port)),
            served,
        }
    }

    /// The nanoseconds that the server is on a processor for a request.
    fn cost(&mut self) -> f64 {
        let before = self.on_processor();
        Handle::current().block_on(async {
            let mut running = JoinSet::new();
            for mut connection in self.connections.drain(..) {
                let tokens = self.tokens.clone();
                running.spawn(async move {
                    for token in tokens.iter().cycle().take(EACH) {
                        ask(&mut connection, token).await;
                    }
                    connection
                });
            }
            self.connections = running.join_all().await;
        });
        (self.on_processor() - before) as f64 / (CONNECTIONS * EACH) as f64
    }

    /// All of the server's work is on its first thread.
    fn on_processor(&self) -> u64 {
        let file = format!("/proc/{}/schedstat", self.served.id());
        let counts = fs::read_to_string(file).expect("Linux counts the time of processes");
        let first = counts.split(' ').next();
        first.and_then(|time| time.parse().ok()).expect("a number")
    }
}

async fn connect(port: u16) -> Vec<SendRequest<Empty<Bytes>>> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(("127.0.0.1", port)).await;
        let stream = TokioIo::new(stream.expect("the server listens"));
        let (sender, connection) = handshake(stream).await.expect("the server speaks HTTP");
        tokio::spawn(connection);
        connections.push(sender);
    }
    connections
}

async fn ask(connection: &mut SendRequest<Empty<Bytes>>, token: &HeaderValue) {
    let mut request = Request::new(Empty::new());
    *request.uri_mut() = http::Uri::from_static("/me");
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    headers.insert(header::AUTHORIZATION, token.clone());
    connection.ready().await.expect("the connection is open");
    let response = connection.send_request(request).await;
    let response = response.expect("the server answers");
    assert_eq!(response.status(), StatusCode::OK);
    response.into_body().collect().await.expect("a body");
}

const CONNECTIONS: usize = 16;
/// Requests of each connection in a round.
const EACH: usize = 250;

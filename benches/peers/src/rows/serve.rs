//! A server in a process of its own, and the other end of it.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::{env, process, thread};

use axum::Router;
use axum::routing::get;
use http::HeaderValue;
use tokio::net::TcpListener;
use tower_bearer::{BearerAuthLayer, Identity, SqliteStore};

use super::http_refresh::CLIENTS;
use crate::kind::Kind;
use crate::peers::hand_written::HandWritten;
use crate::peers::ours;
use crate::peers::sessions::{Site, refresh_token};
use crate::tokens::{ISSUER, Mint};

/// A server that runs until this is dropped.
pub struct Served {
    process: Child,
    pub port: u16,
    /// The tokens that it says it accepts.
    pub lines: Vec<String>,
}

impl Served {
    /// Starts this program again, as the server of that name.
    pub fn start(name: &str) -> Self {
        let itself = env::current_exe().expect("this program has a file");
        let mut command = Command::new(itself);
        command.arg("serve").arg(name);
        // The server ends when this program does.
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the server starts");
        let out = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut lines = out.lines().map(|line| line.expect("the server writes"));
        let port = lines.next().and_then(|port| port.parse().ok());
        Self {
            process,
            port: port.expect("the server says its port"),
            lines: lines.take_while(|line| !line.is_empty()).collect(),
        }
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Is the server of this name, and never returns.
///
/// All but one serve `/me` behind a layer, on one thread. `refreshes` serves the endpoints of
/// sessions in a SQLite file.
pub fn serve(name: &str) {
    thread::spawn(end_with_the_client);
    let one_thread = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
    };
    if name == "refreshes" {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        return runtime.block_on(serve_refreshes());
    }
    one_thread().expect("a runtime").block_on(async {
        let route = Router::new().route("/me", get(|| async { "you" }));
        let issued = || Mint::new(Kind::Hs256).valid(TOKENS);
        let (app, tokens) = match name {
            "no_layer" => (route, issued()),
            "hand_written" => (route.layer(HandWritten::new(Kind::Hs256)), issued()),
            "bare" => {
                let verifier = ours::verifier(Kind::Hs256.key_set(), ISSUER);
                (route.layer(BearerAuthLayer::new(verifier)), issued())
            }
            "sessions" => {
                let site = Site::new(Kind::Hs256);
                let app = route.layer(site.sessions.layer());
                (app, site.valid_meanwhile(TOKENS).await)
            }
            other => panic!("there is no server {other}"),
        };
        let text = |token: &HeaderValue| token.to_str().expect("visible ASCII").to_owned();
        answer(app, tokens.iter().map(text).collect()).await;
    });
}

async fn serve_refreshes() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path().join("sessions.db")).await;
    let site = Site::with_store(Kind::Hs256, store.expect("a store"));
    let mut tokens = Vec::new();
    for client in 0..CLIENTS {
        let login = site.sessions.start(Identity::new(client as i64)).await;
        let login = login.expect("the store works");
        tokens.push(refresh_token(&login).secret().to_owned());
    }
    let app = Router::new().nest_service("/auth", site.sessions.endpoints());
    answer(app, tokens).await;
}

async fn answer(app: Router, tokens: Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let mut out = io::stdout();
    writeln!(out, "{port}\n{}\n", tokens.join("\n")).expect("the client reads");
    out.flush().expect("the client reads");
    axum::serve(listener, app).await.expect("the server runs");
}

/// The client holds the other end of our input.
fn end_with_the_client() {
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    process::exit(0);
}

const TOKENS: usize = 64;

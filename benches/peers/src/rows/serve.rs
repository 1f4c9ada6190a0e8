//! A server of its own process, whose time on the processor `end_to_end` reads.

use std::io::{self, Write};
use std::{process, thread};

use axum::Router;
use axum::routing::get;
use http::HeaderValue;
use tokio::net::TcpListener;
use tower_bearer::BearerAuthLayer;

use crate::kind::Kind;
use crate::peers::hand_written::HandWritten;
use crate::peers::ours;
use crate::peers::sessions::Site;
use crate::tokens::{ISSUER, Mint};

/// Serves `/me` behind the layer with this name, on one thread, and never returns. It prints its
/// port, and a token a line.
pub fn serve(layer: &str) {
    thread::spawn(end_with_the_client);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let route = Router::new().route("/me", get(|| async { "you" }));
        let issued = || Mint::new(Kind::Hs256).valid(TOKENS);
        let (app, tokens) = match layer {
            "no_layer" => (route, issued()),
            "hand_written" => (route.layer(HandWritten::new(Kind::Hs256)), issued()),
            "bare" => {
                let verifier = ours::verifier(Kind::Hs256.key_set(), ISSUER);
                (route.layer(BearerAuthLayer::new(verifier)), issued())
            }
            "sessions" => {
                let site = Site::new(Kind::Hs256);
                (
                    route.layer(site.sessions.layer()),
                    site.valid_meanwhile(TOKENS).await,
                )
            }
            other => panic!("there is no layer {other}"),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        print(listener.local_addr().expect("it is bound").port(), &tokens);
        axum::serve(listener, app).await.expect("the server runs");
    });
}

/// The client holds the other end of our input.
fn end_with_the_client() {
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    process::exit(0);
}

fn print(port: u16, tokens: &[HeaderValue]) {
    let mut out = std::io::stdout().lock();
    let tokens = tokens
        .iter()
        .map(|token| token.to_str().expect("visible ASCII"));
    let lines: Vec<_> = std::iter::once(port.to_string())
        .chain(tokens.map(str::to_owned))
        .collect();
    writeln!(out, "{}", lines.join("\n")).expect("somebody reads");
    out.flush().expect("somebody reads");
}

pub const TOKENS: usize = 64;

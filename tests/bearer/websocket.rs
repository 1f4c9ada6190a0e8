//! Real WebSockets on loopback: opened with a token or a ticket, and closed when the token ends.

mod loopback;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Request;
use http::header::{SEC_WEBSOCKET_PROTOCOL, WWW_AUTHENTICATE};
use support::{MILLISECOND, Received, bearer_of, log_in, sessions_of, tickets_of};
use tokio_tungstenite::tungstenite::Error;
use tower::ServiceExt;
use tower_bearer::bearer::TokenSource;
use tower_bearer::endpoint::TicketEndpoint;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{Sessions, TokenResponse};

use crate::sources::cookie;
use crate::websocket::loopback::{Client, feed, serve};

struct Server {
    tokens: TestTokens,
    sessions: Sessions,
    app: Router,
    address: SocketAddr,
}

impl Server {
    async fn start() -> Self {
        let tokens = TestTokens::new();
        let sessions = sessions_of(&tokens);
        let tickets = tickets_of(&tokens);
        let sources = [
            TokenSource::header(),
            TokenSource::websocket_protocol(),
            TokenSource::ticket(&tickets),
            cookie(),
        ];
        let app: Router = Router::new()
            .route_service("/feed/ticket", TicketEndpoint::new(&tickets))
            .route_layer(sessions.layer())
            .route(
                "/feed",
                get(feed).route_layer(sessions.layer().with_token_sources(sources)),
            );
        let address = serve(app.clone()).await;
        Self {
            tokens,
            sessions,
            app,
            address,
        }
    }

    /// Opens a connection as a page does.
    async fn open(&self, path: &str, protocols: &str) -> Result<Client, Error> {
        Client::open(self.address, path, &[("sec-websocket-protocol", protocols)]).await
    }

    async fn listen(&self, pair: &TokenResponse) -> Client {
        let mut client = self
            .open(
                "/feed",
                &format!("feed.v1, bearer.{}", pair.access_token().secret()),
            )
            .await
            .unwrap();
        assert_eq!(client.text().await, "alice feed.v1");
        client
    }

    async fn ticket(&self, pair: &TokenResponse) -> String {
        let request = Request::post("/feed/ticket")
            .header("authorization", bearer_of(pair))
            .body(Body::empty())
            .unwrap();
        let answer = Received::of(self.app.clone().oneshot(request).await.unwrap()).await;
        assert_eq!(
            (answer.status, answer.challenge()),
            (200, None),
            "{answer:?}"
        );
        answer.json()["ticket"].as_str().unwrap().to_owned()
    }
}

#[track_caller]
fn assert_no_websocket(opened: Result<Client, Error>, status: u16, challenge: &str) {
    let Err(Error::Http(answer)) = opened else {
        panic!("it opened, or failed in another way")
    };
    let said = answer
        .headers()
        .get(WWW_AUTHENTICATE)
        .and_then(|said| said.to_str().ok())
        .unwrap_or_default();
    assert_eq!(answer.status().as_u16(), status, "{answer:?}");
    assert!(
        said == challenge || said.starts_with(&format!("{challenge},")),
        "{answer:?}"
    );
}

#[tokio::test]
async fn the_handler_agrees_to_a_protocol_and_nobody_repeats_the_token() {
    let server = Server::start().await;
    let pair = log_in(&server.sessions, "alice").await;
    let token = pair.access_token().secret();
    for offer in [
        format!("feed.v1, bearer.{token}"),
        format!("bearer.{token}, feed.v1"),
        format!("bearer.{token},feed.v0,feed.v1"),
    ] {
        let mut client = server.open("/feed", &offer).await.expect("a connection");
        assert_eq!(client.headers[SEC_WEBSOCKET_PROTOCOL], "feed.v1");
        assert_eq!(
            client
                .headers
                .get_all(SEC_WEBSOCKET_PROTOCOL)
                .iter()
                .count(),
            1
        );
        let hello = client.text().await;
        let said = format!("{:?} {hello}", client.headers);
        assert!(!said.contains("bearer.") && !said.contains(token), "{said}");
        client.assert_open().await;
    }
}

/// As the docs say: there has to be another protocol, else a browser closes what was opened.
#[tokio::test]
async fn a_client_that_offers_the_token_alone_finds_nothing_agreed_on() {
    let server = Server::start().await;
    let pair = log_in(&server.sessions, "alice").await;
    let alone = server
        .open("/feed", &format!("bearer.{}", pair.access_token().secret()))
        .await;
    assert!(matches!(alone, Err(Error::Protocol(_))));
}

/// Clients that were written for other servers.
#[tokio::test]
async fn other_forms_of_the_token_open_a_websocket_too() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let pair = log_in(&sessions, "alice").await;
    let token = pair.access_token().secret();
    let k8s = "base64url.bearer.authorization.k8s.io.";
    let encoded = URL_SAFE_NO_PAD.encode(token);
    for (source, path, offer, agreed) in [
        (
            TokenSource::websocket_protocol_pair("feed.v1").unwrap(),
            "/feed",
            format!("feed.v1, {token}"),
            "alice feed.v1",
        ),
        (
            TokenSource::websocket_protocol_pair("access_token").unwrap(),
            "/feed",
            format!("access_token, {token}, feed.v1"),
            "alice access_token, feed.v1",
        ),
        (
            TokenSource::websocket_protocol_base64url(k8s).unwrap(),
            "/feed",
            format!("{k8s}{encoded}, feed.v1"),
            "alice feed.v1",
        ),
        (
            TokenSource::dangerous_query("access_token"),
            &format!("/feed?id=7&access_token={token}"),
            "feed.v1".to_owned(),
            "alice feed.v1",
        ),
    ] {
        let layer = sessions.layer().with_token_sources([source]);
        let app = Router::new().route("/feed", get(feed).route_layer(layer));
        let address = serve(app).await;
        let mut client = Client::open(address, path, &[("sec-websocket-protocol", &offer)])
            .await
            .expect("a connection");
        assert_eq!(client.headers[SEC_WEBSOCKET_PROTOCOL], "feed.v1");
        assert_eq!(client.text().await, agreed);
        client.assert_open().await;
        let bad = offer.replace(token, "abc").replace(&encoded, "YWJj");
        let path = path.replace(token, "abc");
        let refused = Client::open(address, &path, &[("sec-websocket-protocol", &bad)]).await;
        assert_no_websocket(refused, 401, "Bearer error=\"invalid_token\"");
    }
}

#[tokio::test]
async fn without_a_good_token_no_websocket_opens() {
    let server = Server::start().await;
    let pair = log_in(&server.sessions, "alice").await;
    let token = pair.access_token().secret();
    assert_no_websocket(server.open("/feed", "feed.v1").await, 401, "Bearer");
    assert_no_websocket(
        server.open("/feed", "feed.v1, bearer.abc").await,
        401,
        "Bearer error=\"invalid_token\"",
    );
    assert_no_websocket(
        server.open("/feed", "feed.v1, bearer.").await,
        400,
        "Bearer error=\"invalid_request\"",
    );
    let twice = format!("feed.v1, bearer.{token}, bearer.{token}");
    assert_no_websocket(
        server.open("/feed", &twice).await,
        400,
        "Bearer error=\"invalid_request\"",
    );
    assert_no_websocket(
        server.open("/feed?ticket=abc", "feed.v1").await,
        401,
        "Bearer error=\"invalid_token\"",
    );
    server.sessions.log_out(token).await.unwrap();
    let ended = server
        .open("/feed", &format!("feed.v1, bearer.{token}"))
        .await;
    assert_no_websocket(ended, 401, "Bearer error=\"invalid_token\"");
}

#[tokio::test]
async fn a_cookie_opens_a_websocket_for_its_own_origin_only() {
    let server = Server::start().await;
    let pair = log_in(&server.sessions, "alice").await;
    let cookie = format!("session={}", pair.access_token().secret());
    let from = async |origin: &str| {
        let headers = [
            ("cookie", &*cookie),
            ("origin", origin),
            ("sec-websocket-protocol", "feed.v1"),
        ];
        Client::open(server.address, "/feed", &headers).await
    };
    let mut own = from(&format!("http://{}", server.address))
        .await
        .expect("a connection");
    assert_eq!(own.text().await, "alice feed.v1");
    for other in ["https://evil.test", "null", "http://127.0.0.1:1"] {
        assert_no_websocket(from(other).await, 401, "Bearer");
    }
}

#[tokio::test]
async fn a_ticket_opens_one_websocket() {
    let server = Server::start().await;
    let pair = log_in(&server.sessions, "alice").await;
    let path = format!("/feed?ticket={}", server.ticket(&pair).await);
    let mut client = server.open(&path, "feed.v1").await.expect("a connection");
    assert_eq!(client.text().await, "alice feed.v1");
    assert_no_websocket(
        server.open(&path, "feed.v1").await,
        401,
        "Bearer error=\"invalid_token\"",
    );
    client.assert_open().await;
    // A connection with a ticket belongs to the session as any other.
    server
        .sessions
        .log_out(pair.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_eq!(client.closed().await, 4403);
}

#[tokio::test]
async fn a_logout_closes_the_websockets_of_its_session_and_no_others() {
    let server = Server::start().await;
    let (one, another) = (
        log_in(&server.sessions, "alice").await,
        log_in(&server.sessions, "alice").await,
    );
    let (mut first, mut second, mut other) = (
        server.listen(&one).await,
        server.listen(&one).await,
        server.listen(&another).await,
    );
    first.assert_open().await;
    server
        .sessions
        .log_out(one.refresh_token().unwrap().secret())
        .await
        .unwrap();
    assert_eq!((first.closed().await, second.closed().await), (4403, 4403));
    other.assert_open().await;
    server
        .sessions
        .log_out_everywhere(&"alice".into())
        .await
        .unwrap();
    assert_eq!(other.closed().await, 4403);
}

/// The clock of the runtime is paused: what the watch waits takes no time.
#[tokio::test(start_paused = true)]
async fn a_token_that_expires_closes_its_websocket() {
    let server = Server::start().await;
    let pair = log_in(&server.sessions, "alice").await;
    let mut client = server.listen(&pair).await;
    server
        .tokens
        .clock()
        .advance(Duration::from_secs(pair.expires_in()) - MILLISECOND);
    client.assert_open().await;
    server.tokens.clock().advance(MILLISECOND);
    assert_eq!(client.closed().await, 4401);
}

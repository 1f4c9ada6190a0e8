//! The usual client, `reqwest`, against a real server on this machine.

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{any, get};
use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use serde_json::json;
use support::keys::{P256, P384, key};
use support::{AUDIENCE, MINUTE, ask, builder_with};
use tokio::net::{TcpListener, TcpSocket};
use tower_bearer::test_util::ManualClock;
use tower_bearer::token::AccessTokenSigner;
use tower_bearer::{AccessTokenVerifier, BearerAuthLayer, Grant, Identity, RemoteJwks, SigningKey};

use crate::site::{count, jwk};

const MAX_BYTES: usize = 256 * 1024;

/// A set, so many bytes long.
fn padded(bytes: usize) -> String {
    let set = json!({ "keys": [jwk(&key(P256))] }).to_string();
    format!("{set}{}", " ".repeat(bytes - set.len()))
}

/// Says no length beforehand.
fn chunked(bytes: usize) -> Body {
    let document = Bytes::from(padded(bytes));
    let chunks = (0..bytes)
        .step_by(1000)
        .map(move |at| document.slice(at..bytes.min(at + 1000)));
    let frames = chunks.map(|chunk| Ok::<_, Infallible>(Frame::data(chunk)));
    Body::new(StreamBody::new(futures_util::stream::iter(frames)))
}

/// The requests to the server: method and path.
pub(crate) type Asked = Arc<Mutex<Vec<String>>>;

/// The address of a server that serves this until the test ends.
pub(crate) async fn serve(router: impl FnOnce(&str) -> Router) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    let note = axum::middleware::map_request(move |request: Request| {
        noted
            .lock()
            .unwrap()
            .push(format!("{} {}", request.method(), request.uri()));
        std::future::ready(request)
    });
    let router = router(&address).layer(note);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

pub(crate) fn take(asked: &Asked) -> Vec<String> {
    std::mem::take(&mut *asked.lock().unwrap())
}

#[tokio::test]
async fn keys_are_fetched_from_a_real_server() {
    let clock = ManualClock::new();
    let (server, asked) =
        serve(|_| Router::new().route("/keys", get(|| async { padded(1000) }))).await;
    let keys = RemoteJwks::new(&format!("{server}/keys?version=2"))
        .unwrap()
        .with_clock(Arc::new(clock.clone()));
    let verifier = builder_with(keys.clone(), &clock).build().unwrap();
    let layer = BearerAuthLayer::new(verifier);
    let token = format!("Bearer {}", support::keys::token(key(P256), &clock));
    ask(&layer, &token).await.assert_passed("alice");
    assert_eq!(take(&asked), ["GET /keys?version=2"]);
    let stranger = format!(
        "Bearer {}",
        support::keys::token(SigningKey::from_pem(P384.0).unwrap(), &clock)
    );
    ask(&layer, &stranger)
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

#[tokio::test]
async fn a_real_issuer_is_discovered() {
    let clock = ManualClock::new();
    let metadata = |server: &str| {
        let document = json!({
            "issuer": format!("{server}/realms/main"),
            "jwks_uri": format!("{server}/keys"),
        })
        .to_string();
        Router::new()
            .route(
                "/.well-known/oauth-authorization-server/realms/main",
                get(|| async { document }),
            )
            .route("/keys", get(|| async { padded(1000) }))
    };
    let (server, asked) = serve(metadata).await;
    let issuer = format!("{server}/realms/main");
    let keys = RemoteJwks::discover(&issuer)
        .unwrap()
        .with_clock(Arc::new(clock.clone()));
    let signer = AccessTokenSigner::new(&issuer, AUDIENCE, key(P256))
        .unwrap()
        .with_clock(Arc::new(clock.clone()));
    let token = signer
        .sign(&Identity::new("alice"), &Grant::new(), MINUTE)
        .unwrap();
    let verifier = AccessTokenVerifier::builder(keys)
        .issuer(&issuer)
        .audience(AUDIENCE)
        .clock(Arc::new(clock))
        .build()
        .unwrap();
    ask(
        &BearerAuthLayer::new(verifier),
        &format!("Bearer {}", token.secret()),
    )
    .await
    .assert_passed("alice");
    let openid = "GET /realms/main/.well-known/openid-configuration";
    assert_eq!(
        take(&asked),
        [
            openid,
            "GET /.well-known/oauth-authorization-server/realms/main",
            "GET /keys"
        ]
    );
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let redirecting = |server: &str| {
        let elsewhere = format!("{server}/keys");
        let (permanent, temporary) = (
            Redirect::permanent(&elsewhere),
            Redirect::temporary("/keys"),
        );
        Router::new()
            .route("/keys", get(|| async { padded(1000) }))
            .route("/permanent", any(|| async { permanent }))
            .route("/temporary", any(|| async { temporary }))
            .route(
                "/found",
                any(|| async {
                    (
                        http::StatusCode::FOUND,
                        [("location", "/keys")],
                        padded(1000),
                    )
                        .into_response()
                }),
            )
    };
    let (server, asked) = serve(redirecting).await;
    for path in ["/permanent", "/temporary", "/found"] {
        let keys = RemoteJwks::new(&format!("{server}{path}")).unwrap();
        assert!(keys.renew().await.is_err(), "{path}");
        assert_eq!(
            (count(&keys), take(&asked)),
            (None, vec![format!("GET {path}")])
        );
    }
}

#[tokio::test]
async fn a_document_above_256_kib_is_refused() {
    let documents = |_: &str| {
        Router::new()
            .route("/most", get(|| async { padded(MAX_BYTES) }))
            .route("/above", get(|| async { padded(MAX_BYTES + 1) }))
            .route("/chunked/most", get(|| async { chunked(MAX_BYTES) }))
            .route("/chunked/above", get(|| async { chunked(MAX_BYTES + 1) }))
            .route(
                "/chunked/far-above",
                get(|| async { chunked(64 * MAX_BYTES) }),
            )
    };
    let (server, _) = serve(documents).await;
    for (path, is_good) in [
        ("/most", true),
        ("/above", false),
        ("/chunked/most", true),
        ("/chunked/above", false),
        ("/chunked/far-above", false),
    ] {
        let keys = RemoteJwks::new(&format!("{server}{path}")).unwrap();
        assert_eq!(keys.renew().await.is_ok(), is_good, "{path}");
        assert_eq!(count(&keys), is_good.then_some(1), "{path}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_503_and_its_address_is_not_in_the_answer() {
    let clock = ManualClock::new();
    // Nothing listens at this port, which is reserved.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let gone = socket.local_addr().unwrap();
    let keys = RemoteJwks::new(&format!("http://{gone}/keys"))
        .unwrap()
        .with_clock(Arc::new(clock.clone()));
    let verifier = builder_with(keys.clone(), &clock).build().unwrap();
    let token = format!("Bearer {}", support::keys::token(key(P256), &clock));
    let answer = ask(&BearerAuthLayer::new(verifier), &token).await;
    answer.assert_failed(503, "temporarily_unavailable");
    assert!(!answer.body.contains("127.0.0.1"), "{answer:?}");
    assert!(keys.renew().await.unwrap_err().source().is_some());
}

//! Clients of the application's own, and what the usual one asks for.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use http::StatusCode;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderValue,
};
use serde_json::json;
use support::keys::{P256, key};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tower_bearer::RemoteJwks;

use crate::http::{serve, take};
use crate::site::{count, jwk};

const CA: &[u8] = include_bytes!("../data/keys/tls-ca.cert.pem");

pub(crate) fn set() -> String {
    json!({ "keys": [jwk(&key(P256))] }).to_string()
}

async fn why(keys: &RemoteJwks) -> String {
    let error = keys.renew().await.unwrap_err();
    error.source().unwrap().to_string()
}

/// The URL of a key set behind TLS, with a certificate of an authority that nobody knows.
pub(crate) async fn serve_tls() -> String {
    let certificate =
        CertificateDer::from_pem_slice(include_bytes!("../data/keys/tls-server.cert.pem"));
    let private = PrivateKeyDer::from_pem_slice(include_bytes!("../data/keys/tls-server.pem"));
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.unwrap()], private.unwrap())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await?;
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await?);
                }
                let (set, head) = (
                    set(),
                    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length",
                );
                let response = format!("{head}: {}\r\n\r\n{set}", set.len());
                stream.write_all(response.as_bytes()).await?;
                stream.shutdown().await
            });
        }
    });
    format!("https://localhost:{port}/keys")
}

/// Some servers answer 406 to everything but their own type.
#[tokio::test]
async fn a_server_that_has_only_one_type_is_understood() {
    for only in ["application/jwk-set+json", "application/json", "*/*"] {
        let picky = move |request: Request| {
            let accept = request.headers().get_all(ACCEPT).iter();
            let accepts = accept
                .filter_map(|value| value.to_str().ok())
                .flat_map(|line| line.split(','))
                .any(|range| range.split(';').next().unwrap().trim() == only);
            let response = if accepts {
                set().into_response()
            } else {
                StatusCode::NOT_ACCEPTABLE.into_response()
            };
            std::future::ready(response)
        };
        let (server, _) = serve(|_| Router::new().route("/keys", get(picky))).await;
        let keys = RemoteJwks::new(&format!("{server}/keys")).unwrap();
        keys.renew()
            .await
            .unwrap_or_else(|error| panic!("{only}: {error:?}"));
    }
}

/// A response that is compressed unasked could not be read.
#[tokio::test]
async fn a_server_that_compresses_what_accepts_it_is_told_not_to() {
    let compressing = |request: Request| {
        let accepted = request.headers().get(ACCEPT_ENCODING);
        let response = if accepted.is_some_and(|coding| coding == "identity") {
            set().into_response()
        } else {
            ([(CONTENT_ENCODING, "gzip")], [0x1f, 0x8b, 8, 0, 255]).into_response()
        };
        std::future::ready(response)
    };
    let (server, _) = serve(|_| Router::new().route("/keys", get(compressing))).await;
    let keys = || RemoteJwks::new(&format!("{server}/keys")).unwrap();
    keys().renew().await.unwrap();
    let own = keys().with_http_client(client().build().unwrap());
    own.renew().await.unwrap();
}

/// A client of the application, which reaches loopback whatever proxy the environment names.
fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy()
}

#[tokio::test]
async fn a_protected_key_set_is_fetched_with_the_headers_of_the_application() {
    let protected = |request: Request| {
        let token = request.headers().get(AUTHORIZATION);
        let response = if token.is_some_and(|token| token == "Bearer of-this-pod") {
            set().into_response()
        } else {
            StatusCode::UNAUTHORIZED.into_response()
        };
        std::future::ready(response)
    };
    let (server, _) = serve(|_| Router::new().route("/openid/v1/jwks", get(protected))).await;
    let keys = || RemoteJwks::new(&format!("{server}/openid/v1/jwks")).unwrap();
    let error = why(&keys()).await;
    assert!(
        error.contains("401") && error.contains("with_http_client"),
        "{error}"
    );
    let bearer = HeaderValue::from_static("Bearer of-this-pod");
    let client = client()
        .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
        .build()
        .unwrap();
    let own = keys().with_http_client(client);
    own.renew().await.unwrap();
    assert_eq!(count(&own), Some(1));
}

#[tokio::test]
async fn a_private_authority_is_trusted_by_the_client_of_the_application_alone() {
    let url = serve_tls().await;
    let error = why(&RemoteJwks::new(&url).unwrap()).await;
    assert!(
        error.contains(&url) && error.contains("SSL_CERT_FILE"),
        "{error}"
    );
    let client = client()
        .tls_certs_merge([reqwest::Certificate::from_pem(CA).unwrap()])
        .build()
        .unwrap();
    let own = RemoteJwks::new(&url).unwrap().with_http_client(client);
    own.renew().await.unwrap();
    assert_eq!(count(&own), Some(1));
}

/// The usual client follows none. One of the application may, and the response is refused.
#[tokio::test]
async fn a_client_that_follows_redirects_brings_nothing() {
    let redirecting = |server: &str| {
        let elsewhere = format!("{server}/elsewhere");
        Router::new()
            .route(
                "/keys",
                get(|| async move { Redirect::permanent(&elsewhere) }),
            )
            .route("/same", get(|| async { set() }))
            .route("/elsewhere", get(|| async { set() }))
    };
    let (server, asked) = serve(redirecting).await;
    let own = |path: &str| {
        let keys = RemoteJwks::new(&format!("{server}{path}")).unwrap();
        keys.with_http_client(client().build().unwrap())
    };
    let error = why(&own("/keys")).await;
    assert!(
        error.contains("/keys") && error.contains("redirect"),
        "{error}"
    );
    assert_eq!(take(&asked), ["GET /keys", "GET /elsewhere"]);
    own("/same").renew().await.unwrap();
    own("/same?a=b%20c").renew().await.unwrap();
    let none = reqwest::redirect::Policy::none();
    let client = client().redirect(none).build().unwrap();
    let keys = RemoteJwks::new(&format!("{server}/keys"))
        .unwrap()
        .with_http_client(client);
    assert!(why(&keys).await.contains("308"));
}

#[tokio::test]
async fn a_large_document_is_refused_by_every_client() {
    let large = format!("{}{}", set(), " ".repeat(256 * 1024));
    let (server, _) = serve(|_| Router::new().route("/keys", get(|| async { large }))).await;
    let keys = RemoteJwks::new(&format!("{server}/keys")).unwrap();
    let error = why(&keys.with_http_client(client().build().unwrap())).await;
    assert!(error.contains("too large"), "{error}");
}

/// Each name of the section of `docs/issuers.md` is in a test of this file or of `environment.rs`.
#[test]
fn the_page_names_what_is_tried_here() {
    let page = include_str!("../../docs/issuers.md");
    let title = "\n### Private certificates, proxies, protected key sets\n";
    let (_, section) = page.split_once(title).expect("the section");
    let section = section.split("\n## ").next().unwrap();
    for (name, tests) in [
        ("SSL_CERT_FILE", include_str!("environment.rs")),
        ("HTTPS_PROXY", include_str!("environment.rs")),
        ("http_proxy", include_str!("environment.rs")),
        ("NO_PROXY", include_str!("environment.rs")),
        ("with_http_client", include_str!("clients.rs")),
        (".tls_certs_merge([", include_str!("clients.rs")),
        ("Certificate::from_pem", include_str!("clients.rs")),
        (".default_headers(", include_str!("clients.rs")),
        ("redirect::Policy::none()", include_str!("clients.rs")),
    ] {
        assert!(section.contains(name), "the page lacks {name}");
        // In this file, the list above is one.
        let uses = tests.matches(name).count() - tests.matches(&format!("(\"{name}\",")).count();
        assert!(uses > 0, "no test tries {name}");
    }
}

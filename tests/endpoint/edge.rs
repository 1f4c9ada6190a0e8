//! The network in front of the application: the client's address, and the origin that clients see.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use http::header::{COOKIE, HOST, ORIGIN};
use support::{Accounts, Received, bearer_of, form, log_in, send, with_header};
use tower::ServiceExt;
use tower_bearer::bearer::TokenSource;
use tower_bearer::edge::ClientAddress;
use tower_bearer::session::SessionsBuilder;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{
    Authenticate, Authorization, AuthorizeRequest, BoxError, CookieDelivery, Grant, Identity,
    Login, MemoryStore, Outcome, PasswordCredentials, Sessions,
};

const PROXIES: [&str; 2] = ["10.0.0.0/8", "::1"];

/// Remembers from which address the last login came.
#[derive(Clone, Default)]
struct Addresses(Arc<Mutex<Option<IpAddr>>>);

impl Authenticate for Addresses {
    type Credentials = PasswordCredentials;
    type Error = BoxError;

    async fn authenticate(&self, login: Login<PasswordCredentials>) -> Result<Outcome, BoxError> {
        let context = login.context().ok_or("no request")?;
        *self.0.lock().expect("no panic") = context.client_address();
        Ok(Identity::new("alice").into())
    }

    async fn authorize(&self, _: AuthorizeRequest<'_>) -> Result<Authorization, BoxError> {
        Ok(Grant::new().into())
    }
}

fn builder(addresses: &Addresses) -> SessionsBuilder {
    TestTokens::new().sessions(addresses.clone(), MemoryStore::new())
}

fn login() -> Request<Body> {
    form("/login", &[("username", "alice"), ("password", "x")])
}

/// The address that `authenticate` sees.
async fn seen(
    sessions: &Sessions,
    addresses: &Addresses,
    request: Request<Body>,
) -> Option<String> {
    let answer = Received::read(sessions.endpoints().oneshot(request)).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let address = addresses.0.lock().expect("no panic").take();
    address.map(|address| address.to_string())
}

#[tokio::test]
async fn a_login_knows_the_address_of_its_client() {
    let addresses = Addresses::default();
    let sessions = builder(&addresses)
        .trusted_proxies(PROXIES)
        .build()
        .unwrap();
    let from = |peer: &str| {
        let mut request = login();
        request
            .extensions_mut()
            .insert(ClientAddress::from(peer.parse::<IpAddr>().unwrap()));
        request
    };
    let seen = async |request| seen(&sessions, &addresses, request).await;
    assert_eq!(seen(login()).await, None);
    assert_eq!(
        seen(from("203.0.113.5")).await.as_deref(),
        Some("203.0.113.5")
    );
    assert_eq!(
        seen(from("::ffff:203.0.113.5")).await.as_deref(),
        Some("203.0.113.5")
    );
    for name in ["x-forwarded-for", "forwarded"] {
        let list = match name {
            "forwarded" => "for=1.1.1.1, for=203.0.113.5, for=10.0.0.2",
            _ => "1.1.1.1, 203.0.113.5, 10.0.0.2",
        };
        // A client that is not a proxy cannot choose its address, with a connection or without.
        let stranger = with_header(from("198.51.100.7"), name, list);
        assert_eq!(seen(stranger).await.as_deref(), Some("198.51.100.7"));
        assert_eq!(seen(with_header(login(), name, list)).await, None);
        let proxied = with_header(from("10.0.0.1"), name, list);
        assert_eq!(seen(proxied).await.as_deref(), Some("203.0.113.5"));
    }
}

#[tokio::test]
async fn no_proxy_is_trusted_by_default() {
    let addresses = Addresses::default();
    let sessions = builder(&addresses).build().unwrap();
    let mut request = with_header(login(), "x-forwarded-for", "203.0.113.5");
    request
        .extensions_mut()
        .insert(ClientAddress::new([127, 0, 0, 1]));
    assert_eq!(
        seen(&sessions, &addresses, request).await.as_deref(),
        Some("127.0.0.1")
    );
}

#[tokio::test]
async fn the_application_may_say_where_the_address_of_a_connection_is() {
    let addresses = Addresses::default();
    let peer = |parts: &http::request::Parts| {
        let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        Some(peer.ip())
    };
    let sessions = builder(&addresses)
        .client_address(peer)
        .trusted_proxies(PROXIES)
        .build()
        .unwrap();
    let mut request = with_header(login(), "x-forwarded-for", "203.0.113.5");
    request
        .extensions_mut()
        .insert(ConnectInfo::<SocketAddr>("[::1]:4711".parse().unwrap()));
    assert_eq!(
        seen(&sessions, &addresses, request).await.as_deref(),
        Some("203.0.113.5")
    );
}

#[test]
fn a_wrong_setting_of_the_network_is_found_at_start_up() {
    let addresses = Addresses::default();
    let problems = builder(&addresses)
        .public_origin("https://api.example.com/")
        .trusted_proxies(["10.0.0.0/8", "0.0.0.0/0"])
        .build()
        .unwrap_err()
        .to_string();
    for problem in ["is not an origin", "every address"] {
        assert!(problems.contains(problem), "{problems}");
    }
}

/// The proxy has put a name of its own into `Host`.
fn behind_a_proxy(origin: &str) -> http::request::Builder {
    Request::post("/me")
        .header(HOST, "internal:8080")
        .header(ORIGIN, origin)
}

#[tokio::test]
async fn the_public_origin_replaces_host_where_a_cookie_counts() {
    let tokens = TestTokens::new();
    let build = || tokens.sessions(Accounts::everybody(), MemoryStore::new());
    let sources = || [TokenSource::cookie("token").unwrap()];
    let plain = build().build().unwrap();
    let public = build()
        .public_origin("https://api.example.com")
        .build()
        .unwrap();
    for (sessions, own, other) in [
        (&plain, "https://internal:8080", "https://api.example.com"),
        (&public, "https://api.example.com", "https://internal:8080"),
    ] {
        let layer = sessions.layer().with_token_sources(sources());
        let pair = log_in(sessions, "alice").await;
        let cookie = bearer_of(&pair).replace("Bearer ", "token=");
        let request = |origin: &str| {
            behind_a_proxy(origin)
                .header(COOKIE, &cookie)
                .body(String::new())
                .unwrap()
        };
        send(&layer, request(own)).await.assert_passed("alice");
        for origin in [
            other,
            "http://api.example.com",
            "https://evil.example.com",
            "null",
        ] {
            send(&layer, request(origin)).await.assert_token_missing();
        }
    }
}

#[test]
fn a_handler_of_ones_own_compares_with_the_public_origin_too() {
    let sessions = builder(&Addresses::default())
        .public_origin("https://api.example.com")
        .build()
        .unwrap();
    let cookies = CookieDelivery::new().for_sessions(&sessions);
    let (mut parts, ()) = Request::new(()).into_parts();
    parts
        .headers
        .insert("host", "internal:8080".parse().unwrap());
    for (origin, is_own) in [
        ("https://api.example.com", true),
        ("https://internal:8080", false),
    ] {
        parts.headers.insert("origin", origin.parse().unwrap());
        let rejection = cookies.cross_site_rejection(&parts);
        assert_eq!(rejection.is_none(), is_own, "{origin}");
        if let Some(rejection) = rejection {
            assert_eq!(rejection.status(), 403);
            assert_eq!(rejection.headers()["cache-control"], "no-store");
        }
    }
}

#[tokio::test]
async fn the_public_origin_replaces_host_where_a_login_sets_cookies() {
    let addresses = Addresses::default();
    let sessions = builder(&addresses)
        .public_origin("https://api.example.com")
        .build()
        .unwrap();
    let endpoints = sessions.endpoints().with_cookies(CookieDelivery::new());
    for (origin, status) in [
        ("https://api.example.com", 200),
        ("https://internal:8080", 403),
        ("https://evil.example.com", 403),
    ] {
        let request = form(
            "/login",
            &[
                ("username", "alice"),
                ("password", "x"),
                ("delivery", "cookie"),
            ],
        );
        let request = with_header(
            with_header(request, "host", "internal:8080"),
            "origin",
            origin,
        );
        let answer = Received::read(endpoints.clone().oneshot(request)).await;
        assert_eq!(answer.status, status, "{origin}");
        assert_eq!(
            answer.headers.contains_key("set-cookie"),
            status == 200,
            "{origin}"
        );
        if status == 403 {
            assert_eq!(answer.json()["reason"], "cross_site");
        }
    }
}

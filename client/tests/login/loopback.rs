//! HTTP clients as they are published, and a server on loopback.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use support::HOUR;
use tokio::net::TcpListener;
use tower::{Layer, Service, ServiceExt};
use tower_bearer_client::{ClientErrorKind, Login, ReqwestClient, Server};

async fn start(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    origin
}

/// The real endpoints, and a route behind the layer that answers with what was sent.
async fn start_login(login: &support::Login) -> String {
    let app = Router::new()
        .route("/me", post(async |body: String| body))
        .route_layer(login.sessions.layer())
        .nest_service("/auth", login.sessions.endpoints());
    start(app).await
}

fn hyper() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

#[tokio::test]
async fn the_client_of_hyper_util_logs_in_refreshes_and_logs_out() {
    let server = support::Login::new();
    let origin = start_login(&server).await;
    let login = Login::new(Server::new(&origin, "/auth").unwrap(), hyper());
    login.log_in("alice", "wonderland-7").await.unwrap();
    let client = login.layer().layer(hyper());
    let uri: Uri = format!("{origin}/me").parse().unwrap();
    let call = async || {
        let request = Request::post(&uri).body(Full::from("hello")).unwrap();
        let response = client.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        response.into_body().collect().await.unwrap().to_bytes()
    };
    assert_eq!(call().await, "hello");
    server.clock.advance(HOUR);
    assert_eq!(call().await, "hello");
    assert_eq!(login.refreshes(), 1);
    login.log_out().await.unwrap();
    assert!(
        server
            .sessions
            .list(&"alice".into())
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn reqwest_logs_in_refreshes_and_logs_out() {
    let server = support::Login::new();
    let origin = start_login(&server).await;
    let login = logged_in_at(Server::new(&origin, "/auth").unwrap()).await;
    let http = reqwest::Client::new();
    let mut client = login.layer().layer(http.clone());
    let hello = || {
        http.post(format!("{origin}/me"))
            .body("hello")
            .build()
            .unwrap()
    };
    let response = client.call(hello()).await.unwrap();
    assert_eq!(response.text().await.unwrap(), "hello");
    server.clock.advance(HOUR);
    let response = client.call(hello()).await.unwrap();
    assert_eq!(response.text().await.unwrap(), "hello");
    assert_eq!(login.refreshes(), 1);

    // A stream has no copy.
    server.clock.advance(HOUR);
    let stream = || {
        let mut request = hello();
        *request.body_mut() = Some(reqwest::Body::wrap(Full::new(Bytes::from("hello"))));
        request
    };
    assert_eq!(client.call(stream()).await.unwrap().status(), 401);
    assert_eq!(client.call(stream()).await.unwrap().status(), 200);
    assert_eq!(login.refreshes(), 2);
    login.log_out().await.unwrap();
    let refused = client.call(hello()).await.unwrap_err();
    assert_eq!(refused.kind(), ClientErrorKind::NotLoggedIn);
}

/// A server that redirects each request.
async fn redirecting_to(location: String) -> String {
    let redirect = move || {
        let location = [("location", location.clone())];
        async { (StatusCode::TEMPORARY_REDIRECT, location) }
    };
    start(Router::new().fallback(redirect)).await
}

/// A login of `reqwest`, which follows no redirects of the endpoints.
async fn logged_in_at(server: Server) -> Login {
    let http = ReqwestClient::build(reqwest::Client::builder()).unwrap();
    let login = Login::new(server, http);
    login.log_in("alice", "wonderland-7").await.unwrap();
    login
}

#[tokio::test]
async fn a_redirect_that_reqwest_follows_takes_the_access_token_to_no_other_origin() {
    let server = support::Login::new();
    let origin = start_login(&server).await;
    let seen = Arc::new(Mutex::new(Vec::<HeaderMap>::new()));
    let thief = async |State(seen): State<Arc<Mutex<Vec<HeaderMap>>>>, headers: HeaderMap| {
        seen.lock().unwrap().push(headers);
    };
    let elsewhere = Router::new().fallback(thief).with_state(Arc::clone(&seen));
    let elsewhere = start(elsewhere).await;
    let files = redirecting_to(elsewhere).await;

    let named = Server::new(&origin, "/auth").unwrap();
    let login = logged_in_at(named.also_at(&files).unwrap()).await;
    let http = reqwest::Client::new();
    let mut client = login.layer().layer(http.clone());
    let request = http.get(&files).build().unwrap();
    assert_eq!(client.call(request).await.unwrap().status(), 200);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].contains_key("authorization"));
}

#[tokio::test]
async fn a_redirect_takes_neither_password_nor_token_along() {
    let seen = Arc::new(Mutex::new(Vec::<String>::new()));
    let thief = async |State(seen): State<Arc<Mutex<Vec<String>>>>, body: String| {
        seen.lock().unwrap().push(body);
    };
    let elsewhere = Router::new().fallback(thief).with_state(Arc::clone(&seen));
    let elsewhere = start(elsewhere).await;
    let origin = redirecting_to(format!("{elsewhere}/auth/login")).await;

    let server = Server::new(&origin, "/auth").unwrap();
    let follows = reqwest::Client::builder().redirect(reqwest::redirect::Policy::limited(5));
    let http = ReqwestClient::build(follows).unwrap();
    for login in [
        Login::new(server.clone(), http),
        Login::new(server, hyper()),
    ] {
        let failed = login.log_in("alice", "wonderland-7").await.unwrap_err();
        assert_eq!(failed.kind(), ClientErrorKind::Unavailable);
    }
    assert!(seen.lock().unwrap().is_empty());
}

const REFUSED: [(&str, &str); 1] = [("www-authenticate", "Bearer error=\"invalid_token\"")];

#[tokio::test]
async fn a_request_that_was_redirected_is_not_done_twice() {
    let orders = Arc::new(Mutex::new(0));
    let server = support::Login::new();
    let count = async |State(orders): State<Arc<Mutex<u64>>>| {
        *orders.lock().unwrap() += 1;
        (StatusCode::SEE_OTHER, [("location", "/order/1")])
    };
    let app = Router::new()
        .route("/orders", post(count))
        .with_state(Arc::clone(&orders))
        .fallback(async || (StatusCode::UNAUTHORIZED, REFUSED))
        .nest_service("/auth", server.sessions.endpoints());
    let origin = start(app).await;
    let login = logged_in_at(Server::new(&origin, "/auth").unwrap()).await;
    let http = reqwest::Client::new();
    let mut client = login.layer().layer(http.clone());
    for (number, refreshes) in [(1, 0), (2, 1)] {
        let order = http.post(format!("{origin}/orders")).body("tea").build();
        let response = client.call(order.unwrap()).await.unwrap();
        assert_eq!(response.status(), 401);
        assert!(response.headers().contains_key("www-authenticate"));
        assert_eq!(*orders.lock().unwrap(), number);
        assert_eq!(login.refreshes(), refreshes, "the next one has a new token");
    }
}

#[tokio::test]
async fn another_origin_does_not_make_a_token_a_refused_one() {
    let server = support::Login::new();
    let origin = start_login(&server).await;
    let elsewhere = Router::new().fallback(async || (StatusCode::UNAUTHORIZED, REFUSED));
    let elsewhere = start(elsewhere).await;
    let files = redirecting_to(elsewhere).await;
    let named = Server::new(&origin, "/auth").unwrap();
    let login = logged_in_at(named.also_at(&files).unwrap()).await;
    let http = reqwest::Client::new();
    let mut client = login.layer().layer(http.clone());
    for _ in 0..2 {
        let request = http.get(&files).build().unwrap();
        let response = client.call(request).await.unwrap();
        assert_eq!(response.status(), 401);
        assert!(response.headers().contains_key("www-authenticate"));
        assert_eq!(login.refreshes(), 0);
    }
}

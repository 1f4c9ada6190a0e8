//! HTTP clients as they are published, and a server on loopback.

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use support::HOUR;
use tokio::net::TcpListener;
use tower::{Layer, Service, ServiceExt};
use tower_bearer_client::{ClientErrorKind, Login, ReqwestClient, Server};

pub(crate) async fn start(app: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    origin
}

/// The real endpoints, and a route behind the layer that answers with what was sent.
pub(crate) async fn start_login(login: &support::Login) -> String {
    let app = Router::new()
        .route("/me", post(async |body: String| body))
        .route_layer(login.sessions.layer())
        .nest_service("/auth", login.sessions.endpoints());
    start(app).await
}

pub(crate) fn hyper() -> Client<HttpConnector, Full<Bytes>> {
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
    // The environment may name a proxy.
    let http = ReqwestClient::build(reqwest::Client::builder().no_proxy()).unwrap();
    let login = Login::new(Server::new(&origin, "/auth").unwrap(), http.clone());
    login.log_in("alice", "wonderland-7").await.unwrap();
    let mut client = login.layer().layer(http.clone());
    let hello = || {
        let request = http.as_client().post(format!("{origin}/me"));
        request.body("hello").build().unwrap()
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

/// The documentation says so.
#[tokio::test]
async fn reqwest_asks_a_proxy_for_this_machine_too_unless_it_has_none() {
    let server = support::Login::new();
    let origin = start_login(&server).await;
    let proxy = start(Router::new().fallback(async || StatusCode::FORBIDDEN)).await;
    let proxy = reqwest::Proxy::all(proxy).unwrap();
    let builder = || reqwest::Client::builder().proxy(proxy.clone());
    for (builder, is_direct) in [(builder(), false), (builder().no_proxy(), true)] {
        let http = ReqwestClient::build(builder).unwrap();
        let login = Login::new(Server::new(&origin, "/auth").unwrap(), http);
        let outcome = login.log_in("alice", "wonderland-7").await;
        assert_eq!(outcome.is_ok(), is_direct, "{outcome:?}");
    }
}

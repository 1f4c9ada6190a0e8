//! No request follows a redirect, so a token stays at the origins that are named.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tower::{Layer, Service};
use tower_bearer_client::{ClientErrorKind, Login, ReqwestClient, Server};

use crate::loopback::{hyper, start, start_login};

type Seen = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A server that redirects each request, and keeps it.
async fn redirecting(status: StatusCode, location: String) -> (String, Seen) {
    let seen = Seen::default();
    let redirect = async move |State(seen): State<Seen>, headers: HeaderMap, body: String| {
        seen.lock().unwrap().push((headers, body));
        (status, [("location", location)])
    };
    let app = Router::new().fallback(redirect);
    (start(app.with_state(Arc::clone(&seen))).await, seen)
}

/// With a policy that the client does not take over, and without a proxy of the environment.
fn reqwest() -> ReqwestClient {
    let follows = reqwest::redirect::Policy::limited(5);
    let builder = reqwest::Client::builder().redirect(follows).no_proxy();
    ReqwestClient::build(builder).unwrap()
}

#[tokio::test]
async fn the_caller_gets_the_redirect_and_no_other_origin_a_token() {
    let server = support::Login::new();
    let origin = start_login(&server).await;
    let (elsewhere, theirs) = redirecting(StatusCode::FOUND, "/again".into()).await;
    for location in [format!("{elsewhere}/stolen"), "/orders".into()] {
        for status in [StatusCode::SEE_OTHER, StatusCode::TEMPORARY_REDIRECT] {
            let (files, seen) = redirecting(status, location.clone()).await;
            let named = Server::new(&origin, "/auth").unwrap();
            let http = reqwest();
            let login = Login::new(named.also_at(&files).unwrap(), http.clone());
            login.log_in("alice", "wonderland-7").await.unwrap();
            let mut client = login.layer().layer(http.clone());
            let order = http.as_client().post(format!("{files}/orders"));
            let order = order.body("tea").build().unwrap();
            let response = client.call(order).await.unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["location"], *location);
            let seen = seen.lock().unwrap();
            let [(headers, body)] = &seen[..] else {
                panic!("{} orders", seen.len())
            };
            assert!(headers.contains_key("authorization") && body == "tea");
        }
    }
    assert!(theirs.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_redirect_takes_neither_password_nor_token_along() {
    let (elsewhere, theirs) = redirecting(StatusCode::FOUND, "/again".into()).await;
    let location = format!("{elsewhere}/auth/login");
    let (origin, seen) = redirecting(StatusCode::TEMPORARY_REDIRECT, location).await;
    let server = Server::new(&origin, "/auth").unwrap();
    for login in [
        Login::new(server.clone(), reqwest()),
        Login::new(server, hyper()),
    ] {
        let failed = login.log_in("alice", "wonderland-7").await.unwrap_err();
        assert_eq!(failed.kind(), ClientErrorKind::Unavailable);
    }
    assert_eq!(seen.lock().unwrap().len(), 2);
    assert!(theirs.lock().unwrap().is_empty());
}

//! Which requests go out again after a 401.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use support::{HOUR, SECOND};
use tower::{Layer, ServiceExt};
use tower_bearer_client::{Resend, SendOnce};

use crate::world::{Fault, World, request};

/// A body that has no copy.
struct Stream;

#[tokio::test]
async fn a_body_without_a_copy_goes_out_once_and_the_next_request_has_a_new_token() {
    let world = World::new().await;
    let http = world.line.clone();
    let http = http.map_request(|request: Request<Stream>| request.map(|_| Full::default()));
    let client = world.login.layer().resend(SendOnce).layer(http);
    let call = async || {
        let request = request("/me").map(|_| Stream);
        client.clone().oneshot(request).await.unwrap().status()
    };
    // The client's clock is behind.
    world.server.clock.advance(HOUR);
    assert_eq!(call().await, 401);
    assert_eq!(world.refreshes_sent(), 0);
    assert_eq!(call().await, 200);
    assert_eq!(
        (world.refreshes_sent(), world.line.sent("/me").len()),
        (1, 2)
    );
    world.clock.advance(SECOND);
    assert_eq!(call().await, 200);
    assert_eq!(world.refreshes_sent(), 1, "it counted for one token");
}

/// Repeats what changes nothing.
#[derive(Clone)]
struct Safe;

impl Resend<Request<Full<Bytes>>> for Safe {
    fn copy(&self, request: &Request<Full<Bytes>>) -> Option<Request<Full<Bytes>>> {
        request.method().is_safe().then(|| request.clone())
    }
}

#[tokio::test]
async fn a_rule_of_the_application_decides() {
    for (method, status) in [(Method::GET, 200), (Method::POST, 401)] {
        let world = World::new().await;
        let client = world.login.layer().resend(Safe).layer(world.line.clone());
        world.server.clock.advance(HOUR);
        let mut request = request("/me");
        *request.method_mut() = method;
        assert_eq!(client.oneshot(request).await.unwrap().status(), status);
    }
}

#[tokio::test]
async fn the_refusal_of_a_grpc_server_counts_too() {
    for (status, sent) in [("16", 2), ("7", 1)] {
        let world = World::new().await;
        let refused = Fault::Grpc(status, "Bearer error=\"invalid_token\"");
        world.line.faults("/me", [refused]);
        assert_eq!(world.me().await.unwrap(), 200);
        assert_eq!(world.line.sent("/me").len(), sent, "{status}");
    }
}

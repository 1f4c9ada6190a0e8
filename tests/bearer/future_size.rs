//! The size of the layer's future, which every request has on its stack or in its task.

use std::convert::Infallible;

use axum::body::Body;
use axum::routing::{MethodRouter, get};
use http::Request;
use tower::{Layer, Service};
use tower_bearer::BearerAuthLayer;
use tower_bearer::bearer::RequireLayer;
use tower_bearer::test_util::TestTokens;

fn size_of_future<S: Service<Request<Body>>>(mut service: S) -> usize {
    size_of_val(&service.call(Request::new(Body::empty())))
}

/// A request that has to wait is boxed, so the others do not have its size.
#[tokio::test]
async fn over_a_route_the_future_is_little_larger_than_that_of_the_route() {
    let route: MethodRouter<(), Infallible> = get(|| async { "hello" });
    let own = size_of_future(route.clone());
    let layer = BearerAuthLayer::new(TestTokens::new().verifier());
    let admitted = size_of_future(layer.layer(route.clone()));
    assert!(admitted <= own + 48, "{own} became {admitted}");
    let required = size_of_future(RequireLayer::scope("orders:read").layer(route));
    assert!(required <= own + 48, "{own} became {required}");
}

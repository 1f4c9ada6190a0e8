//! The layer: what it lets through, what it refuses, and what a handler learns.

mod api_keys;
mod future_size;
mod grpc;
mod guards;
mod hints;
mod into_rejection;
mod logs;
mod max_age;
mod mcp_sessions;
mod nested;
mod own_refusals;
mod pass_through;
mod preflights;
mod receipts;
mod refusals;
mod resource;
mod scope;
mod sensitive;
mod sessions;
mod sources;
mod store_down;
mod streams;
mod tickets;
mod tower_contract;
mod typed_claims;
mod user;
mod watch;
mod websocket;

use axum::Router;
use axum::body::Body;
use support::{Received, with_authorization, without_token};
use tower::ServiceExt;

/// The response of a router at this path.
pub(crate) async fn get_from(app: &Router, path: &str, authorization: Option<&str>) -> Received {
    let mut request = authorization
        .map_or_else(without_token, with_authorization)
        .map(Body::from);
    *request.uri_mut() = path.parse().expect("a path");
    Received::of(app.clone().oneshot(request).await.unwrap()).await
}

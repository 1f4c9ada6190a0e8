//! The size of the response future, over that of Axum's own.

use axum::body::Body;
use axum::routing::{MethodRouter, get};
use http::Request;
use tower_bearer::BearerAuthLayer;
use tower_layer::Layer;
use tower_service::Service;

use crate::kind::Kind;
use crate::peers::ours;
use crate::table::Goal::AtMost;
use crate::table::Table;
use crate::tokens::ISSUER;

pub fn rows(table: &Table) {
    table.row("future_bytes_above_method_router", AtMost(48.0), || {
        let mut route: MethodRouter = get(|| async { "you" });
        let verifier = ours::verifier(Kind::Hs256.key_set(), ISSUER);
        let mut layered = BearerAuthLayer::new(verifier).layer(route.clone());
        let (plain, layered) = (
            size_of_val(&route.call(Request::new(Body::empty()))),
            size_of_val(&layered.call(Request::new(Body::empty()))),
        );
        layered as f64 - plain as f64
    });
}

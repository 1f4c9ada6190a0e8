//! CORS preflights, which have no token: refused, let through, or answered further out.

use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, ORIGIN,
};
use http::{HeaderValue, Method, Request};
use support::{Received, hello, send};
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_bearer::BearerAuthLayer;
use tower_bearer::bearer::RequireLayer;
use tower_bearer::test_util::TestTokens;
use tower_http::cors::CorsLayer;

pub(crate) fn preflight() -> Request<String> {
    let request = Request::builder()
        .method(Method::OPTIONS)
        .header(ORIGIN, "https://app.example.com");
    request
        .header(ACCESS_CONTROL_REQUEST_METHOD, "GET")
        .body(String::new())
        .unwrap()
}

fn without(name: impl http::header::AsHeaderName) -> Request<String> {
    let mut request = preflight();
    request.headers_mut().remove(name);
    request
}

#[tokio::test]
async fn a_preflight_is_refused_unless_the_layer_is_told_otherwise() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    send(&layer, preflight()).await.assert_token_missing();
    send(&layer.clone().admit_preflights(), preflight())
        .await
        .assert_passed("nobody");
    // A scope is asked of tokens.
    send(
        &layer.require_scope("admin").admit_preflights(),
        preflight(),
    )
    .await
    .assert_passed("nobody");
}

#[tokio::test]
async fn a_guard_lets_the_preflights_through_that_its_layer_admits() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let send = async |layer: &BearerAuthLayer, request| {
        let guarded = RequireLayer::scope("admin").layer(hello());
        Received::of(layer.layer(guarded).oneshot(request).await.unwrap()).await
    };
    let admits = layer.clone().admit_preflights();
    send(&admits, preflight()).await.assert_passed("nobody");
    // A request without a token does not satisfy a guard otherwise.
    let optional = layer.optional();
    send(&optional, preflight()).await.assert_token_missing();
    for request in [without(ORIGIN), without(ACCESS_CONTROL_REQUEST_METHOD)] {
        let both = optional.clone().admit_preflights();
        send(&both, request).await.assert_token_missing();
    }
}

#[tokio::test]
async fn what_is_no_preflight_is_not_let_through() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).admit_preflights();
    send(&layer, without(ORIGIN)).await.assert_token_missing();
    send(&layer, without(ACCESS_CONTROL_REQUEST_METHOD))
        .await
        .assert_token_missing();
    for method in [Method::GET, Method::POST, Method::HEAD, Method::DELETE] {
        let mut request = preflight();
        *request.method_mut() = method;
        send(&layer, request).await.assert_token_missing();
    }
    let mut bad = preflight();
    bad.headers_mut().insert(
        AUTHORIZATION,
        HeaderValue::from_static("Bearer no.token.this"),
    );
    send(&layer, bad)
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
}

/// The right order of layers: CORS further out answers the preflight, and its headers are on
/// refusals too, so that a page may read them.
#[tokio::test]
async fn a_cors_layer_further_out_answers_preflights_and_marks_refusals() {
    let tokens = TestTokens::new();
    let cors = CorsLayer::new().allow_origin(HeaderValue::from_static("https://app.example.com"));
    let service = ServiceBuilder::new()
        .layer(cors)
        .layer(BearerAuthLayer::new(tokens.verifier()))
        .service(hello());
    let answer = Received::of(service.clone().oneshot(preflight()).await.unwrap()).await;
    assert_eq!((answer.status, answer.challenge()), (200, None));
    let request = Request::builder()
        .header(ORIGIN, "https://app.example.com")
        .body(String::new())
        .unwrap();
    let refused = Received::of(service.oneshot(request).await.unwrap()).await;
    refused.assert_token_missing();
    assert_eq!(
        refused.headers[ACCESS_CONTROL_ALLOW_ORIGIN],
        "https://app.example.com"
    );
}

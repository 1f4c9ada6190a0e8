//! The responses of the layer.

use axum::body::Body;
use http::Request;
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, BearerError};
use utoipa::IntoResponses;

#[tokio::test]
async fn every_answer_of_the_layer_is_documented() {
    let tokens = TestTokens::new();
    let operation = json!({ "responses": BearerError::responses() });
    let layer = BearerAuthLayer::new(tokens.verifier()).require_scope("admin");
    let service = layer.layer(service_fn(async |_: Request<Body>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(Body::empty()))
    }));
    let bearers = [
        None,
        Some("Bearer".to_owned()),
        Some("Bearer none".to_owned()),
        Some(tokens.bearer("alice")),
    ];
    for (bearer, status) in bearers.into_iter().zip([401, 400, 401, 403]) {
        let mut request = Request::get("/me");
        if let Some(bearer) = bearer {
            request = request.header("authorization", bearer);
        }
        let answer = service
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(answer.status(), status);
        let documented = &operation["responses"][answer.status().as_str()];
        assert!(
            documented["content"]["application/json"].is_object()
                && documented["headers"]["WWW-Authenticate"].is_object()
        );
        assert!(answer.headers().contains_key("www-authenticate"));
    }
    assert!(operation["responses"]["503"]["headers"]["Retry-After"].is_object());
}

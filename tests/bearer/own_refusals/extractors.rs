//! Errors of the application from an extractor or a middleware of its own.

use axum::Router;
use axum::extract::{FromRequestParts, Request as AxumRequest};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response as AxumResponse};
use axum::routing::get;
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode, Version};
use support::{Log, Received, send, with_authorization};
use tower::ServiceExt;
use tower_bearer::bearer::BearerErrorKind;
use tower_bearer::extract::BearerRejection;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{AccessTokenClaims, BearerAuthLayer, BearerError, Identity};

use super::{bare, received};

/// An extractor of the application's own.
struct Company(String);

impl<S: Sync> FromRequestParts<S> for Company {
    type Rejection = BearerRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, BearerRejection> {
        let claims = AccessTokenClaims::from_request_parts(parts, state).await?;
        match claims.claim("company") {
            Ok(Some(company)) => Ok(Self(company)),
            Ok(None) => Err(BearerRejection::new(
                BearerError::denied("no_company"),
                parts,
            )),
            Err(error) => Err(BearerRejection::new(
                BearerError::invalid_token().with_cause(error),
                parts,
            )),
        }
    }
}

/// A middleware of the application's own.
async fn closed(request: AxumRequest, _: Next) -> AxumResponse {
    let (parts, _) = request.into_parts();
    let closed = BearerError::denied("closed").with_status(StatusCode::LOCKED);
    closed
        .into_response_for(&parts)
        .map(axum::body::Body::from)
        .into_response()
}

fn app(layer: BearerAuthLayer) -> Router {
    Router::new()
        .route("/company", get(async |Company(name): Company| name))
        .route(
            "/closed",
            get(async || "never").route_layer(from_fn(closed)),
        )
        .route_layer(layer)
}

async fn get_from(app: &Router, path: &str, authorization: &str) -> Received {
    let mut request = with_authorization(authorization).map(axum::body::Body::from);
    *request.uri_mut() = path.parse().unwrap();
    Received::of(app.clone().oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn an_own_extractor_and_an_own_middleware_refuse_in_the_layers_words() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .optional()
        .with_realm("api")
        .unwrap();
    let grant = tower_bearer::Grant::new();
    let with = tokens.bearer_for(
        &Identity::new("alice"),
        &grant.clone().with_claim("company", "ACME"),
    );
    let odd = tokens.bearer_for(&Identity::new("alice"), &grant.with_claim("company", 7));
    let without = tokens.bearer("alice");

    let usual = app(layer.clone());
    get_from(&usual, "/company", &with)
        .await
        .assert_passed("ACME");
    log.take();
    let denied = get_from(&usual, "/company", &without).await;
    assert_eq!(
        (denied.status, &denied.json()["reason"]),
        (403, &"no_company".into())
    );
    let said = log.take_our_own();
    assert!(
        said.len() == 1 && said[0].contains("no_company") && said[0].contains("/company"),
        "{said:?}"
    );
    let invalid = get_from(&usual, "/company", &odd).await;
    assert_eq!(invalid.status, 401);
    assert!(
        invalid
            .challenge()
            .unwrap()
            .starts_with("Bearer realm=\"api\", error=\"invalid_token\"")
    );
    let missing = get_from(&usual, "/company", "").await;
    assert_eq!(
        (missing.status, missing.challenge()),
        (401, Some("Bearer realm=\"api\""))
    );
    assert_eq!(get_from(&usual, "/closed", &with).await.status, 423);

    let replaced = app(layer.with_rejection(bare));
    let denied = get_from(&replaced, "/company", &without).await;
    assert_eq!(
        (denied.status, &*denied.body),
        (403, "no_company at /company")
    );
    let missing = get_from(&replaced, "/company", "").await;
    assert_eq!(
        (missing.status, missing.challenge()),
        (401, Some("Bearer realm=\"api\""))
    );
    let closed = get_from(&replaced, "/closed", &with).await;
    assert_eq!((closed.status, &*closed.body), (423, "closed at /closed"));
}

#[tokio::test]
async fn without_the_layer_an_own_error_has_its_usual_response() {
    let parts = Request::get("/me").body(()).unwrap().into_parts().0;
    let response = received(BearerError::denied("no").into_response_for(&parts)).await;
    assert_eq!(
        (response.status, &response.json()["reason"]),
        (403, &"no".into())
    );
    let rejection = BearerRejection::new(BearerError::missing_token(), &parts);
    assert_eq!(rejection.error().kind(), BearerErrorKind::MissingToken);
    Received::of(rejection.into_response())
        .await
        .assert_token_missing();
}

#[tokio::test]
async fn an_own_error_speaks_grpc_where_the_layer_does() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).grpc();
    for (error, code) in [
        (BearerError::denied("no"), "7"),
        (
            BearerError::denied("no").with_status(StatusCode::UNAUTHORIZED),
            "16",
        ),
        (BearerError::insufficient_scope("a"), "7"),
        (BearerError::unavailable("down"), "14"),
    ] {
        let layer = layer.clone().require(move |_| Err(error.clone().into()));
        let mut request = with_authorization(&tokens.bearer("alice"));
        *request.method_mut() = Method::POST;
        *request.version_mut() = Version::HTTP_2;
        request
            .headers_mut()
            .insert("te", HeaderValue::from_static("trailers"));
        request
            .headers_mut()
            .insert("content-type", HeaderValue::from_static("application/grpc"));
        let answer = send(&layer, request).await;
        assert_eq!(
            (answer.status, &answer.headers["grpc-status"]),
            (200, &HeaderValue::from_static(code))
        );
    }
}

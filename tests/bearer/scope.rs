//! The scope of a token, and the one closure that replaces every refusal.

use std::convert::Infallible;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use support::{Received, ask, hello, send, with_authorization, without_token};
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_bearer::bearer::{BearerErrorKind, RequireLayer};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, BearerError, CurrentUser, LoadUser, LoadUserRequest};

// requirement 41
#[tokio::test]
async fn a_token_without_the_scope_is_told_which_is_needed() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).require_scope("orders:read orders:write");
    for granted in [
        "orders:read",
        "orders:write",
        "orders:READ orders:write",
        "orders orders:",
        "admin",
    ] {
        let answer = ask(&layer, &tokens.bearer_with_scope("alice", granted)).await;
        answer.assert_refused(403, "insufficient_scope", "scope_missing");
        assert!(
            answer
                .challenge()
                .unwrap()
                .ends_with(", scope=\"orders:read orders:write\""),
            "{answer:?}"
        );
    }
    ask(&layer, &tokens.bearer("alice")).await.assert_refused(
        403,
        "insufficient_scope",
        "scope_missing",
    );
    for granted in ["orders:read orders:write", "orders:write x orders:read"] {
        ask(&layer, &tokens.bearer_with_scope("alice", granted))
            .await
            .assert_passed("alice");
    }
}

/// `RequireLayer` inside the layer, as in a `ServiceBuilder`.
async fn scoped(layer: &BearerAuthLayer, request: Request<String>) -> Received {
    let service = ServiceBuilder::new()
        .layer(layer.clone())
        .layer(RequireLayer::scope("admin"))
        .service(hello());
    Received::of(service.oneshot(request).await.expect("infallible")).await
}

// requirement 41
#[tokio::test]
async fn the_scope_layer_refuses_as_the_layer_does() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let inner = scoped(&layer, with_authorization(&tokens.bearer("alice"))).await;
    inner.assert_refused(403, "insufficient_scope", "scope_missing");
    let outer = ask(
        &layer.clone().require_scope("admin"),
        &tokens.bearer("alice"),
    )
    .await;
    assert_eq!((inner.headers, inner.body), (outer.headers, outer.body));
    scoped(
        &layer,
        with_authorization(&tokens.bearer_with_scope("alice", "x admin")),
    )
    .await
    .assert_passed("alice");
    let realm = scoped(
        &layer.with_realm("api").unwrap(),
        with_authorization(&tokens.bearer("alice")),
    )
    .await;
    assert!(
        realm
            .challenge()
            .unwrap()
            .starts_with("Bearer realm=\"api\", error=\"insufficient_scope\"")
    );
    assert_eq!(
        (realm.status, &realm.json()["error"]),
        (403, &"insufficient_scope".into())
    );
}

// requirement 39
#[tokio::test]
async fn the_scope_layer_demands_a_token_in_optional_mode() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).optional();
    scoped(&layer, without_token()).await.assert_token_missing();
    // `require_scope` asks only those who sent a token.
    send(&layer.require_scope("admin"), without_token())
        .await
        .assert_passed("nobody");
}

// requirement 54
#[tokio::test]
async fn the_scope_layer_alone_lets_nobody_through() {
    let good = TestTokens::new().bearer_with_scope("alice", "admin");
    for request in [without_token(), with_authorization(&good)] {
        let answer = Received::of(
            RequireLayer::scope("admin")
                .layer(hello())
                .oneshot(request)
                .await
                .unwrap(),
        )
        .await;
        answer.assert_failed(500, "server_error");
    }
    // Further out than the layer it sees nothing either.
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let wrong_way_round = RequireLayer::scope("admin").layer(layer.layer(hello()));
    let request = with_authorization(&tokens.bearer_with_scope("alice", "admin"));
    Received::of(wrong_way_round.oneshot(request).await.unwrap())
        .await
        .assert_failed(500, "server_error");
}

#[tokio::test]
async fn each_of_two_scope_layers_is_asked() {
    let tokens = TestTokens::new();
    let service = ServiceBuilder::new()
        .layer(BearerAuthLayer::new(tokens.verifier()))
        .layer(RequireLayer::scope("a"))
        .layer(RequireLayer::scope("b"))
        .service(hello());
    for (granted, status) in [("a", 403), ("b", 403), ("b a", 200)] {
        let request = with_authorization(&tokens.bearer_with_scope("alice", granted));
        assert_eq!(
            Received::of(service.clone().oneshot(request).await.unwrap())
                .await
                .status,
            status,
            "{granted}"
        );
    }
}

#[test]
fn what_is_no_scope_is_found_at_start_up() {
    for scope in ["a\"b", "a\\b", "caf\u{e9}"] {
        assert!(
            std::panic::catch_unwind(|| RequireLayer::scope(scope)).is_err(),
            "{scope}"
        );
    }
}

struct Nobody;

impl LoadUser for Nobody {
    type User = ();
    type Error = Infallible;

    async fn load_user(&self, _: LoadUserRequest<'_>) -> Result<Option<()>, Infallible> {
        Ok(None)
    }
}

/// Responds with the kind and the path, and with a status of its own.
fn teapot(error: &BearerError, request: &Parts) -> Response<Bytes> {
    let mut response =
        Response::new(format!("{:?} at {}", error.kind(), request.uri.path()).into());
    *response.status_mut() = StatusCode::IM_A_TEAPOT;
    response
}

#[tokio::test]
async fn one_closure_replaces_the_refusals_of_layer_scope_layer_and_extractors() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .optional()
        .with_rejection(teapot);
    let app = |layer: BearerAuthLayer| {
        Router::new()
            .route(
                "/admin",
                get(async || "never").route_layer(RequireLayer::scope("admin")),
            )
            .route("/claims", get(async |_: CurrentUser| "never"))
            .route("/user", get(async |_: CurrentUser<String>| "never"))
            .route(
                "/optional-user",
                get(async |_: Option<CurrentUser<String>>| "never"),
            )
            .route_layer(layer)
    };
    let alice = tokens.bearer("alice");
    let gone = layer.clone().with_user_loader(Nobody);
    let scoped = layer.clone().require_scope("x");
    for (layer, path, authorization, kind) in [
        (
            &layer,
            "/claims",
            "Bearer abc",
            BearerErrorKind::InvalidToken,
        ),
        (
            &layer,
            "/claims",
            &tokens.expired_bearer("alice"),
            BearerErrorKind::TokenExpired,
        ),
        (&layer, "/claims", "Bearer", BearerErrorKind::MalformedToken),
        (&layer, "/claims", "", BearerErrorKind::MissingToken),
        (&layer, "/user", "", BearerErrorKind::MissingToken),
        (&layer, "/user", &alice, BearerErrorKind::Misconfigured),
        (
            &layer,
            "/optional-user",
            &alice,
            BearerErrorKind::Misconfigured,
        ),
        (&layer, "/admin", "", BearerErrorKind::MissingToken),
        (&layer, "/admin", &alice, BearerErrorKind::InsufficientScope),
        (
            &scoped,
            "/claims",
            &alice,
            BearerErrorKind::InsufficientScope,
        ),
        (&gone, "/claims", &alice, BearerErrorKind::UserGone),
    ] {
        let mut request = with_authorization(authorization).map(axum::body::Body::from);
        *request.uri_mut() = path.parse().unwrap();
        let answer = Received::of(app(layer.clone()).oneshot(request).await.unwrap()).await;
        assert_eq!(answer.status, 418, "{path} {kind:?}");
        // The closure cannot lose the challenge.
        assert_eq!(
            answer.challenge().is_some(),
            kind != BearerErrorKind::Misconfigured,
            "{answer:?}"
        );
        assert_eq!(answer.body, format!("{kind:?} at {path}"));
    }
}

#[tokio::test]
async fn a_closure_can_keep_the_challenge_with_its_realm() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .with_rejection(|error, _| {
            error
                .to_response()
                .map(|_| Bytes::from_static(b"please log in"))
        })
        .with_realm("api")
        .unwrap();
    let answer = ask(&layer, "Bearer abc").await;
    assert_eq!((answer.status, &*answer.body), (401, "please log in"));
    assert!(
        answer
            .challenge()
            .unwrap()
            .starts_with("Bearer realm=\"api\", error=\"invalid_token\"")
    );
}

#[tokio::test]
async fn scopes_that_a_layer_requires_add_up() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .require_scope("a b")
        .require_scope("b c");
    for granted in ["a b", "b c", "a c"] {
        let answer = ask(&layer, &tokens.bearer_with_scope("alice", granted)).await;
        answer.assert_refused(403, "insufficient_scope", "scope_missing");
        assert!(
            answer.challenge().unwrap().ends_with(", scope=\"a b c\""),
            "{answer:?}"
        );
    }
    ask(&layer, &tokens.bearer_with_scope("alice", "c b a"))
        .await
        .assert_passed("alice");
}

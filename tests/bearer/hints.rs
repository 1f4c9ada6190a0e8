//! Log lines that say how to put an application together, once.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use support::{Log, Login, Received, send};
use tower::ServiceExt;
use tower_bearer::bearer::{ProtectedResource, RequireLayer};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, CurrentUser};

use crate::preflights::preflight;

fn post(path: &str) -> Request<String> {
    Request::post(path).body(String::new()).unwrap()
}

#[tokio::test]
async fn a_refused_preflight_is_hinted_at_once_a_layer() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    for layer in [
        BearerAuthLayer::new(tokens.verifier()),
        BearerAuthLayer::new(tokens.verifier()),
    ] {
        for is_first in [true, false, false] {
            send(&layer, preflight()).await.assert_token_missing();
            let said = log.take_warnings();
            assert_eq!(said.len(), usize::from(is_first), "{said:?}");
            assert!(
                said.iter()
                    .all(|line| line.contains("CORS") && line.contains("admit_preflights")),
                "{said:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_layer_around_the_endpoints_is_hinted_at_once() {
    let (log, _guard) = Log::capture();
    for path in ["/auth/login", "/auth/refresh", "/auth/token"] {
        let login = Login::new();
        // The wrong way round.
        let app = Router::new()
            .route("/me", get(async || "you"))
            .nest_service("/auth", login.endpoints())
            .layer(login.sessions.layer());
        for is_first in [true, false] {
            log.take();
            let request = Request::post(path).body(Body::empty()).unwrap();
            Received::of(app.clone().oneshot(request).await.unwrap())
                .await
                .assert_token_missing();
            let said = log.take_warnings();
            assert_eq!(said.len(), usize::from(is_first), "{said:?}");
            assert!(
                said.iter()
                    .all(|line| line.contains("nest_service") && line.contains(path)),
                "{said:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_ordinary_refusal_is_no_misuse() {
    let (log, _guard) = Log::capture();
    let login = Login::new();
    let layer = login.sessions.layer();
    send(
        &layer,
        Request::get("/auth/login").body(String::new()).unwrap(),
    )
    .await
    .assert_token_missing();
    for path in ["/login/x", "/relogin", "/tokens", "/"] {
        send(&layer, post(path)).await.assert_token_missing();
    }
    // With tokens of another issuer, `/login` is not ours.
    let tokens = TestTokens::new();
    send(&BearerAuthLayer::new(tokens.verifier()), post("/login"))
        .await
        .assert_token_missing();
    let layer = BearerAuthLayer::new(tokens.verifier()).admit_preflights();
    send(&layer, preflight()).await.assert_passed("nobody");
    let mut bad = preflight();
    bad.headers_mut()
        .insert("authorization", "Bearer abc".parse().unwrap());
    send(&layer, bad)
        .await
        .assert_refused(401, "invalid_token", "token_invalid");
    assert!(log.take_warnings().is_empty());
}

/// The layer is behind a router, and nothing answers at the path that its challenges name.
#[tokio::test]
async fn metadata_that_no_client_reads_is_hinted_at_once() {
    let (log, _guard) = Log::capture();
    let resource = ProtectedResource::new("https://api.example.com/mcp", "https://id.example.com");
    let layer = || {
        BearerAuthLayer::new(TestTokens::new().verifier())
            .with_protected_resource(resource.as_ref().unwrap())
    };
    let hints = || {
        let said = log.take();
        let lines = said
            .lines()
            .filter(|line| line.contains("ResourceMetadataEndpoint"));
        lines.count()
    };
    let refused = async |layer: &BearerAuthLayer| {
        let answer = send(layer, post("/mcp")).await;
        assert_eq!(answer.status, 401);
        assert!(answer.challenge().unwrap().contains("resource_metadata"));
    };
    let unseen = layer();
    for count in 1..=30 {
        refused(&unseen).await;
        assert_eq!(hints(), usize::from(count == 10), "{count}");
    }
    let seen = layer();
    let path = "/.well-known/oauth-protected-resource/mcp";
    let request = Request::get(path).body(String::new()).unwrap();
    assert_eq!(send(&seen, request).await.status, 200);
    for _ in 0..30 {
        refused(&seen).await;
    }
    assert_eq!(hints(), 0);
}

/// Each of these routers has the call that the hint names, but in a place that it does not reach.
#[tokio::test]
async fn a_layer_that_is_there_but_further_in_is_hinted_at() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let bearer = tokens.bearer_with_scope("alice", "admin");
    let router = || Router::new().route("/me", get(async || "you"));
    let guard_last = router()
        .route_layer(layer.clone())
        .route_layer(RequireLayer::scope("admin"));
    let fallback = router()
        .fallback(async |_: CurrentUser| "any path")
        .route_layer(layer);
    for (app, path, cure) in [
        (guard_last, "/me", "after each RequireLayer"),
        (fallback, "/other", "A fallback needs `.layer("),
    ] {
        let request = Request::get(path).header("authorization", &bearer);
        let request = request.body(Body::empty()).unwrap();
        let answer = Received::of(app.oneshot(request).await.unwrap()).await;
        answer.assert_failed(500, "server_error");
        let said = log.take();
        assert!(said.contains(cure), "{said}");
    }
}

//! The guards of an application: one of several scopes, or any condition.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::routing::{get, post};
use http::{Method, Request, StatusCode};
use support::{Log, Received, ask, hello, send, with_authorization, without_token};
use tower::{Layer, ServiceBuilder, ServiceExt};
use tower_bearer::bearer::RequireLayer;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, BearerError, BoxError, Grant, Identity, Scope};

/// The layer with this guard, and an inner layer with the same guard.
async fn both(
    layer: &BearerAuthLayer,
    guarded: BearerAuthLayer,
    inner: RequireLayer,
    request: Request<String>,
) -> Received {
    let copy = {
        let (parts, body) = request.into_parts();
        (
            Request::from_parts(parts.clone(), body.clone()),
            Request::from_parts(parts, body),
        )
    };
    let outer = send(&guarded, copy.0).await;
    let service = ServiceBuilder::new()
        .layer(layer.clone())
        .layer(inner)
        .service(hello());
    let answer = Received::of(service.oneshot(copy.1).await.unwrap()).await;
    assert_eq!(outer, answer);
    outer
}

#[tokio::test]
async fn one_of_several_scopes_is_enough() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let scopes = ["orders:read orders:list", "admin"];
    let answer = async |granted: &'static str| {
        let request = with_authorization(&tokens.bearer_with_scope("alice", granted));
        both(
            &layer,
            layer.clone().require_any_scope(scopes),
            RequireLayer::any_scope(scopes),
            request,
        )
        .await
    };
    for granted in [
        "admin",
        "x admin",
        "orders:list orders:read",
        "admin orders:read",
    ] {
        answer(granted).await.assert_passed("alice");
    }
    for granted in ["orders:read", "", "administrator", "x"] {
        let refused = answer(granted).await;
        refused.assert_refused(403, "insufficient_scope", "scope_missing");
        // A challenge cannot say "or": it names the first.
        assert!(
            refused
                .challenge()
                .unwrap()
                .ends_with(", scope=\"orders:read orders:list\""),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_scope_may_come_from_a_configuration() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let scope: Scope = String::from("reports").parse().unwrap();
    let some = layer.clone().require_scope(scope.clone());
    let any = layer
        .clone()
        .require_any_scope([&scope, &Scope::from_static("admin")]);
    for layer in [some, any] {
        ask(&layer, &tokens.bearer_with_scope("alice", "reports"))
            .await
            .assert_passed("alice");
        ask(&layer, &tokens.bearer("alice")).await.assert_refused(
            403,
            "insufficient_scope",
            "scope_missing",
        );
    }
}

#[tokio::test]
async fn none_of_no_scopes_is_enough() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let none: [Scope; 0] = [];
    let request = with_authorization(&tokens.bearer_with_scope("alice", "admin"));
    let answer = both(
        &layer,
        layer.clone().require_any_scope(&none),
        RequireLayer::any_scope(&none),
        request,
    )
    .await;
    assert_eq!(
        (answer.status, answer.challenge(), &answer.json()["reason"]),
        (403, None, &"denied".into())
    );
}

#[tokio::test]
async fn any_condition_may_be_required() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let level = |claims: &tower_bearer::AccessTokenClaims| -> Result<bool, BoxError> {
        Ok(claims.claim::<u8>("level")? >= Some(3))
    };
    let answer = async |grant: Grant| {
        let request = with_authorization(&tokens.bearer_for(&Identity::new("alice"), &grant));
        both(
            &layer,
            layer.clone().require(level),
            RequireLayer::new(level),
            request,
        )
        .await
    };
    answer(Grant::new().with_claim("level", 3))
        .await
        .assert_passed("alice");
    // Too low, absent, and not a number.
    for grant in [
        Grant::new().with_claim("level", 2),
        Grant::new(),
        Grant::new().with_claim("level", "high"),
    ] {
        let refused = answer(grant).await;
        assert_eq!((refused.status, refused.challenge()), (403, None));
        let body = refused.json();
        assert_eq!(
            (&body["error"], &body["reason"]),
            (&"access_denied".into(), &"denied".into())
        );
    }
}

#[tokio::test]
async fn the_cause_of_a_condition_that_fails_is_logged_once() {
    let (log, _guard) = Log::capture();
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier())
        .require(|_| Err("the ledger has no such account".into()));
    let alice = tokens.bearer("alice");
    for _ in 0..2 {
        let answer = ask(&layer, &alice).await;
        assert_eq!(
            (answer.status, &answer.json()["reason"]),
            (403, &"denied".into())
        );
        assert!(!answer.body.contains("ledger"));
        let said = log.take_our_own();
        assert!(
            said.len() == 1 && said[0].contains("the ledger has no such account"),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn a_condition_may_answer_for_itself() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let paid = |_: &tower_bearer::AccessTokenClaims| -> Result<bool, BoxError> {
        Err(BearerError::denied("payment_required")
            .with_status(StatusCode::PAYMENT_REQUIRED)
            .into())
    };
    let request = with_authorization(&tokens.bearer("alice"));
    let answer = both(
        &layer,
        layer.clone().require(paid),
        RequireLayer::new(paid),
        request,
    )
    .await;
    assert_eq!(
        (answer.status, &answer.json()["reason"]),
        (402, &"payment_required".into())
    );
}

#[tokio::test]
async fn all_guards_have_to_agree_and_the_token_comes_first() {
    let tokens = TestTokens::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let layer = BearerAuthLayer::new(tokens.verifier())
        .require_scope("a")
        .require_any_scope(["b", "c"])
        .require(|claims| Ok(claims.subject().as_str() == "alice"))
        .require(move |_| Ok(count.fetch_add(1, Ordering::Relaxed) < 100));
    ask(&layer, &tokens.bearer_with_scope("alice", "a b"))
        .await
        .assert_passed("alice");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    for (bearer, status) in [
        (tokens.bearer_with_scope("alice", "b c"), 403),
        (tokens.bearer_with_scope("alice", "a"), 403),
        (tokens.bearer_with_scope("bob", "a b"), 403),
        (tokens.expired_bearer("alice"), 401),
        ("Bearer abc".to_owned(), 401),
    ] {
        assert_eq!(ask(&layer, &bearer).await.status, status);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_condition_of_the_layer_is_not_asked_without_a_token_and_one_within_it_needs_one() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier()).optional();
    let never = || |_: &tower_bearer::AccessTokenClaims| -> Result<bool, BoxError> { Ok(false) };
    send(
        &layer.clone().require(never()).require_any_scope(["a"]),
        without_token(),
    )
    .await
    .assert_passed("nobody");
    for inner in [RequireLayer::new(never()), RequireLayer::any_scope(["a"])] {
        let service = layer.layer(inner.layer(hello()));
        Received::of(service.oneshot(without_token()).await.unwrap())
            .await
            .assert_token_missing();
        // Without the layer no request passes.
        let request = with_authorization(&tokens.bearer("alice"));
        let alone = Received::of(inner.layer(hello()).oneshot(request).await.unwrap()).await;
        alone.assert_failed(500, "server_error");
    }
}

#[tokio::test]
async fn each_method_of_a_route_may_have_a_guard_of_its_own() {
    let tokens = TestTokens::new();
    let app = Router::new()
        .route("/orders", get(async || "all orders"))
        .route(
            "/orders",
            post(async || "created").route_layer(RequireLayer::scope("orders:write")),
        )
        .route_layer(BearerAuthLayer::new(tokens.verifier()));
    for (method, scope, status) in [
        (Method::GET, "", 200),
        (Method::POST, "", 403),
        (Method::POST, "orders:write", 200),
        (Method::GET, "orders:write", 200),
    ] {
        let mut request = with_authorization(&tokens.bearer_with_scope("alice", scope))
            .map(axum::body::Body::from);
        *request.uri_mut() = "/orders".parse().unwrap();
        *request.method_mut() = method;
        assert_eq!(
            app.clone()
                .oneshot(request)
                .await
                .unwrap()
                .status()
                .as_u16(),
            status,
            "{scope}"
        );
    }
}

#[test]
fn a_literal_that_is_not_a_scope_panics_where_it_is_written() {
    let layer = BearerAuthLayer::new(TestTokens::new().verifier());
    for wrong in ["a\"b", "caf\u{e9}"] {
        let layer = || layer.clone();
        for panics in [
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                drop(layer().require_scope(wrong));
            })),
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                drop(layer().require_any_scope(["a", wrong]));
            })),
            std::panic::catch_unwind(|| drop(RequireLayer::any_scope([wrong]))),
        ] {
            let text = panics.unwrap_err();
            assert!(
                text.downcast_ref::<String>()
                    .is_some_and(|text| text.contains("scope")),
                "{wrong}"
            );
        }
    }
}

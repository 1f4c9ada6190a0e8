//! The metadata document of a protected resource, which the layer itself serves.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Method, Request, Response};
use support::{Received, hello, is_ready, send, with_authorization, without_token};
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, LoadUser, LoadUserRequest};

use super::{ROOT, assert_leads, layer};

struct Users;

impl LoadUser for Users {
    type User = ();
    type Error = Infallible;

    async fn load_user(&self, _: LoadUserRequest<'_>) -> Result<Option<()>, Infallible> {
        panic!("nobody is asked for");
    }
}

// requirement 44
#[tokio::test]
async fn the_metadata_needs_no_token_and_is_not_the_handlers_to_answer() {
    let tokens = TestTokens::new();
    let called = Arc::new(AtomicUsize::new(0));
    let handler = service_fn(async |_: Request<String>| {
        called.fetch_add(1, Ordering::Relaxed);
        Ok::<_, Infallible>(Response::new(String::new()))
    });
    for layer in [
        layer(&tokens),
        layer(&tokens).optional(),
        layer(&tokens).with_user_loader(Users),
    ] {
        for path in [
            ROOT.to_owned(),
            format!("{ROOT}/mcp"),
            format!("{ROOT}?a=b"),
            format!("{ROOT}/mcp?"),
        ] {
            // Whatever else it has.
            for authorization in [
                None,
                Some("Bearer"),
                Some("Bearer abc"),
                Some(&*tokens.bearer("alice")),
            ] {
                {
                    let mut request = authorization.map_or_else(without_token, with_authorization);
                    *request.uri_mut() = path.parse().unwrap();
                    let answer =
                        Received::of(layer.layer(handler).oneshot(request).await.unwrap()).await;
                    assert_eq!((answer.status, answer.challenge()), (200, None), "{path}");
                    assert_eq!(answer.json()["resource"], "https://api.example.com/mcp");
                    assert_eq!(answer.headers["content-type"], "application/json");
                }
            }
        }
    }
    assert_eq!(called.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn other_methods_and_paths_are_refused_as_usual() {
    let tokens = TestTokens::new();
    let ask = async |method: Method, path: &str| {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(String::new())
            .unwrap();
        let answer = send(&layer(&tokens), request).await;
        assert_eq!(
            (answer.status, answer.json()["reason"].as_str()),
            (401, Some("token_missing")),
            "{path}"
        );
        assert_leads(&answer, Some("mcp:tools mcp:read"));
    };
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::TRACE,
        Method::PATCH,
    ] {
        ask(method.clone(), ROOT).await;
        ask(method, &format!("{ROOT}/mcp")).await;
    }
    for path in [
        "/x", "/mcp/", "/m", "x", "/MCP", "/mcp/x", "/../mcp", "/%6Dcp", "mcp",
    ] {
        ask(Method::GET, &format!("{ROOT}{path}")).await;
    }
    for path in [
        "/",
        "/mcp",
        "/.well-known",
        "/.well-known/",
        "/.Well-Known/oauth-protected-resource",
        "/x/.well-known/oauth-protected-resource",
        "//.well-known/oauth-protected-resource",
        "/.well-known/oauth-authorization-server",
        "/mcp/.well-known/oauth-protected-resource",
    ] {
        ask(Method::GET, path).await;
    }
}

#[tokio::test]
async fn the_metadata_leaves_no_permit_behind() {
    let one = layer(&TestTokens::new()).layer(ConcurrencyLimitLayer::new(1).layer(hello()));
    let (mut one, mut other) = (one.clone(), one);
    assert!(is_ready(&mut one) && !is_ready(&mut other));
    let answer = one
        .call(Request::get(ROOT).body(String::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    // `one` and its answer are still there.
    assert!(is_ready(&mut other), "a permit stayed behind");
    drop(other);
    assert!(is_ready(&mut one));
}

#[tokio::test]
async fn without_a_resource_the_paths_are_like_any_other() {
    let layer = BearerAuthLayer::new(TestTokens::new().verifier());
    for path in [ROOT.to_owned(), format!("{ROOT}/mcp")] {
        send(&layer, Request::get(path).body(String::new()).unwrap())
            .await
            .assert_token_missing();
    }
}

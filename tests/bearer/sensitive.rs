//! A handler, or a closure, that logs all headers shows no token.

use std::convert::Infallible;

use http::{Request, Response};
use support::{Received, SlowUsers};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::BearerAuthLayer;
use tower_bearer::bearer::TokenSource;
use tower_bearer::session::RequestContext;
use tower_bearer::test_util::TestTokens;

use crate::sources::{bare, cookie};

/// What the handler sees of the headers, or the closure that replaces a refusal.
async fn shown(layer: &BearerAuthLayer, headers: &[(&str, &str)]) -> Received {
    let handler = service_fn(async |request: Request<String>| {
        Ok::<_, Infallible>(Response::new(format!("{:?}", request.headers())))
    });
    let layer = layer.clone().with_rejection(|_, parts| {
        let mut response = Response::new(format!("{:?}", parts.headers));
        *response.status_mut() = http::StatusCode::UNAUTHORIZED;
        response
    });
    let mut request = Request::new(String::new());
    for &(name, value) in headers {
        let name = http::HeaderName::try_from(name).unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    Received::of(layer.layer(handler).oneshot(request).await.unwrap()).await
}

#[tokio::test]
async fn no_log_of_all_headers_shows_the_token() {
    let tokens = TestTokens::new();
    let sources = [
        TokenSource::header(),
        TokenSource::websocket_protocol(),
        cookie(),
    ];
    let plain = BearerAuthLayer::new(tokens.verifier());
    let layer = plain.clone().with_token_sources(sources);
    let bearer = tokens.bearer("alice");
    let token = bare(&bearer);
    let session = format!("session={token}");
    let theme = "theme=dark";
    let protocol = format!("feed.v1, bearer.{token}");
    for layer in [layer.clone(), layer.clone().with_user_loader(SlowUsers)] {
        for headers in [
            &[("authorization", &*bearer)][..],
            &[("cookie", &session)],
            &[("cookie", theme), ("cookie", &session)],
            &[("sec-websocket-protocol", &protocol)],
        ] {
            let answer = shown(&layer, headers).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            assert!(!answer.body.contains(token), "{answer:?}");
        }
    }
    let answer = shown(&plain, &[("authorization", &bearer), ("x-other", "shown")]).await;
    assert_eq!(
        (answer.status, &*answer.body),
        (200, r#"{"authorization": Sensitive, "x-other": "shown"}"#)
    );
    // Cookies that are not a source stay as they are.
    let answer = shown(&plain.optional(), &[("cookie", theme)]).await;
    assert_eq!(answer.body, r#"{"cookie": "theme=dark"}"#);
}

#[tokio::test]
async fn a_refusal_shows_no_token_either() {
    let tokens = TestTokens::new();
    let sources = [
        TokenSource::header(),
        TokenSource::websocket_protocol(),
        cookie(),
    ];
    let layer = BearerAuthLayer::new(tokens.verifier()).with_token_sources(sources);
    for headers in [
        &[("authorization", "Bearer a-secret")][..],
        &[("authorization", "Basic a-secret")],
        &[
            ("authorization", "Bearer x"),
            ("authorization", "Bearer a-secret"),
        ],
        &[("cookie", "session=x"), ("cookie", "session=a-secret")],
        &[("sec-websocket-protocol", "bearer.a-secret")],
    ] {
        let answer = shown(&layer, headers).await;
        assert_eq!(answer.status, 401);
        assert!(answer.challenge().is_some(), "{answer:?}");
        // A WebSocket protocol is removed, and with it the header that has no other one.
        let is_removed = headers[0].0 == "sec-websocket-protocol" && answer.body == "{}";
        assert!(
            is_removed || answer.body.contains("Sensitive"),
            "{answer:?}"
        );
        assert!(!answer.body.contains("secret"), "{answer:?}");
    }
}

#[test]
fn the_context_of_a_login_shows_no_token() {
    let request = Request::builder()
        .header("authorization", "Bearer a-secret")
        .header("cookie", "refresh_token=a-secret");
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let shown = format!("{:?}", RequestContext::from(parts).headers());
    assert_eq!(
        shown,
        r#"{"authorization": Sensitive, "cookie": Sensitive}"#
    );
}

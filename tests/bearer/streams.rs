//! An event stream ends with the access token or its session.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use futures_util::stream;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, Response};
use http_body::Body as _;
use http_body_util::BodyExt;
use support::{MILLISECOND, SECOND, at_once, bearer_of, log_in, sessions_of};
use tower::{Layer, ServiceExt, service_fn};
use tower_bearer::bearer::ResponseBody;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, Grant, Identity, Secret};

/// The body of a stream that says hello, and then waits for ever.
async fn listen(
    layer: &BearerAuthLayer,
    authorization: &str,
    media_type: &'static str,
) -> ResponseBody<Body> {
    let handler = service_fn(move |_: Request<String>| async move {
        let hello = stream::iter([Ok::<_, Infallible>(Bytes::from("data: hello\n\n"))]);
        let body = Body::from_stream(hello.chain(stream::pending()));
        let response = Response::builder().header(CONTENT_TYPE, media_type);
        Ok::<_, Infallible>(response.body(body).unwrap())
    });
    let mut request = Request::new(String::new());
    if !authorization.is_empty() {
        let value = authorization.parse().unwrap();
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    let response = layer.layer(handler).oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "data: hello\n\n"
    );
    body
}

fn layers(layer: BearerAuthLayer) -> [BearerAuthLayer; 2] {
    [
        layer.clone().end_event_streams(),
        layer.bind_mcp_sessions(&Secret::random().unwrap()),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_logout_ends_the_streams_of_its_session_and_no_others() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    for layer in layers(sessions.layer()) {
        let (one, another) = (
            log_in(&sessions, "alice").await,
            log_in(&sessions, "alice").await,
        );
        for media_type in ["text/event-stream", "Text/Event-Stream; charset=utf-8"] {
            let mut other = listen(&layer, &bearer_of(&another), media_type).await;
            assert!(at_once(other.frame()).is_none());
        }
        let mut first = listen(&layer, &bearer_of(&one), "text/event-stream").await;
        let mut other = listen(&layer, &bearer_of(&another), "text/event-stream").await;
        assert!(at_once(first.frame()).is_none());
        let waiting = tokio::spawn(async move {
            let end = first.frame().await.is_none();
            // It stays at its end.
            end && first.is_end_stream() && first.frame().await.is_none()
        });
        sessions.log_out(one.access_token().secret()).await.unwrap();
        let before = tokio::time::Instant::now();
        assert!(waiting.await.unwrap());
        assert_eq!(before.elapsed(), Duration::ZERO);
        assert!(at_once(other.frame()).is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_token() {
    let tokens = TestTokens::new();
    let token = tokens.token(&Identity::new("alice"), &Grant::new(), 10 * SECOND);
    let bearer = format!("Bearer {}", token.secret());
    for layer in layers(BearerAuthLayer::new(tokens.verifier())) {
        let now = tower_bearer::clock::Clock::now(tokens.clock());
        let mut body = listen(&layer, &bearer, "text/event-stream").await;
        tokens.clock().advance((10 + LEEWAY) * SECOND - MILLISECOND);
        assert!(at_once(body.frame()).is_none());
        tokens.clock().advance(MILLISECOND);
        assert!(body.frame().await.is_none());
        tokens.clock().jump(now);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_token_was_let_in_within_the_leeway_is_not_empty() {
    let tokens = TestTokens::new();
    let token = tokens.token(&Identity::new("alice"), &Grant::new(), 10 * SECOND);
    let bearer = format!("Bearer {}", token.secret());
    tokens.clock().advance((10 + LEEWAY / 2) * SECOND);
    for layer in layers(BearerAuthLayer::new(tokens.verifier())) {
        let mut body = listen(&layer, &bearer, "text/event-stream").await;
        assert!(at_once(body.frame()).is_none());
    }
}

/// The leeway of a verifier, in seconds.
const LEEWAY: u32 = 60;

/// A download that ends early would look complete.
#[tokio::test(start_paused = true)]
async fn only_event_streams_end_early_and_only_where_the_layer_says_so() {
    let tokens = TestTokens::new();
    let sessions = sessions_of(&tokens);
    let alice = log_in(&sessions, "alice").await;
    let bearer = bearer_of(&alice);
    let ends = sessions.layer().end_event_streams();
    let mut open = [
        listen(&ends, &bearer, "application/octet-stream").await,
        listen(&ends, &bearer, "text/event").await,
        listen(&sessions.layer(), &bearer, "text/event-stream").await,
        listen(&ends.clone().optional(), "", "text/event-stream").await,
    ];
    sessions
        .log_out(alice.access_token().secret())
        .await
        .unwrap();
    for body in &mut open {
        assert!(at_once(body.frame()).is_none());
        assert!(!body.is_end_stream());
    }
}

#[test]
fn a_body_that_may_end_early_is_send_and_sync() {
    fn check<T: Send + Sync + Unpin>() {}
    check::<ResponseBody<String>>();
}

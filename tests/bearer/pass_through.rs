//! The layer does not change errors, bodies, futures, or the layers around it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use support::{Received, hello, with_authorization, without_token};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_bearer::bearer::RequireLayer;
use tower_bearer::bearer::{BearerAuth, Require, ResponseBody, ResponseFuture};
use tower_bearer::extract::BearerRejection;
use tower_bearer::test_util::TestTokens;
use tower_bearer::{BearerAuthLayer, BearerError, CurrentUser};
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;

/// An error of the application, without `Clone`, and without a way from any other.
#[derive(Debug, PartialEq)]
struct Broken(u8);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken {}", self.0)
    }
}

impl std::error::Error for Broken {}

#[tokio::test]
async fn errors_of_the_inner_service_pass_unchanged() {
    let tokens = TestTokens::new();
    let layer = BearerAuthLayer::new(tokens.verifier());
    let inner = service_fn(async |_: Request<String>| Err::<Response<String>, _>(Broken(7)));
    let service = layer.layer(RequireLayer::scope("a").layer(inner));
    let error: Broken = service
        .clone()
        .oneshot(with_authorization(&tokens.bearer_with_scope("alice", "a")))
        .await
        .unwrap_err();
    assert_eq!(error, Broken(7));
    assert_eq!(
        service.oneshot(without_token()).await.unwrap().status(),
        401
    );
}

#[derive(Clone)]
struct NeverReady;

impl Service<Request<String>> for NeverReady {
    type Response = Response<String>;
    type Error = Broken;
    type Future = std::future::Ready<Result<Response<String>, Broken>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        Poll::Ready(Err(Broken(9)))
    }

    fn call(&mut self, _: Request<String>) -> Self::Future {
        unreachable!("it was never ready")
    }
}

#[tokio::test]
async fn errors_of_readiness_pass_unchanged() {
    let layer = BearerAuthLayer::new(TestTokens::new().verifier());
    assert_eq!(
        layer
            .layer(NeverReady)
            .oneshot(without_token())
            .await
            .unwrap_err(),
        Broken(9)
    );
    assert_eq!(
        RequireLayer::scope("a")
            .layer(NeverReady)
            .oneshot(without_token())
            .await
            .unwrap_err(),
        Broken(9)
    );
}

#[test]
fn infallible_stays_infallible() {
    fn infallible<S: Service<Request<String>, Error = Infallible>>(_: &S) {}
    let layer = BearerAuthLayer::new(TestTokens::new().verifier());
    infallible(&layer.layer(hello()));
    infallible(&RequireLayer::scope("a").layer(layer.layer(hello())));
}

#[test]
fn what_is_shared_between_threads_can_be() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    fn sent<T: Send + 'static>() {}
    type Inner = axum::routing::Route;
    shared::<BearerAuthLayer>();
    shared::<RequireLayer>();
    shared::<BearerAuth<Inner>>();
    shared::<Require<Inner>>();
    shared::<BearerError>();
    shared::<CurrentUser>();
    shared::<CurrentUser<String>>();
    sent::<ResponseFuture<Inner, axum::body::Body>>();
    sent::<ResponseBody<axum::body::Body>>();
    sent::<BearerRejection>();
}

/// The inner future is not boxed, so it need not be `Send`.
#[tokio::test]
async fn a_service_that_stays_on_its_thread_can_be_protected() {
    let tokens = TestTokens::new();
    let inner = service_fn(|_: Request<String>| {
        let here = Rc::new("here");
        async move {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(Response::new((*here).to_owned()))
        }
    });
    let service = BearerAuthLayer::new(tokens.verifier()).layer(inner);
    Received::of(
        service
            .oneshot(with_authorization(&tokens.bearer("alice")))
            .await
            .unwrap(),
    )
    .await
    .assert_passed("here");
}

#[test]
fn a_body_has_a_default_where_the_inner_one_has() {
    fn default<B: Default + Body<Data = Bytes>>() -> B {
        B::default()
    }
    assert!(default::<ResponseBody<Full<Bytes>>>().is_end_stream());
    assert!(default::<ResponseBody<axum::body::Body>>().is_end_stream());
    assert!(default::<ResponseBody<ResponseBody<String>>>().is_end_stream());
}

/// Gives one frame at a time, waits before each, and ends in an error.
struct Frames(VecDeque<Frame<Bytes>>, bool);

impl Body for Frames {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        self.1 = !self.1;
        if self.1 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(self.0.pop_front().ok_or(Broken(3))))
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(4);
        hint.set_upper(5);
        hint
    }
}

#[tokio::test]
async fn the_inner_body_streams_through_frame_by_frame() {
    let tokens = TestTokens::new();
    let service =
        BearerAuthLayer::new(tokens.verifier()).layer(service_fn(async |_: Request<String>| {
            let trailers = HeaderMap::from_iter([(header::ETAG, HeaderValue::from_static("x"))]);
            let frames = [
                Frame::data(Bytes::from("on")),
                Frame::data(Bytes::from("e,")),
                Frame::trailers(trailers),
            ];
            let response = Response::builder()
                .status(207)
                .header("x-own", "1")
                .body(Frames(frames.into(), false));
            Ok::<_, Infallible>(response.expect("a response"))
        }));
    let answer = service
        .oneshot(with_authorization(&tokens.bearer("alice")))
        .await
        .unwrap();
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.headers().len(),
            &answer.headers()["x-own"]
        ),
        (207, 1, &"1".parse().unwrap())
    );
    let mut body = answer.into_body();
    assert_eq!(
        (
            body.size_hint().lower(),
            body.size_hint().upper(),
            body.is_end_stream()
        ),
        (4, Some(5), false)
    );
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "on"
    );
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "e,"
    );
    assert_eq!(
        body.frame()
            .await
            .unwrap()
            .unwrap()
            .into_trailers()
            .unwrap()[header::ETAG],
        "x"
    );
    assert_eq!(body.frame().await.unwrap().unwrap_err(), Broken(3));
}

#[tokio::test]
async fn a_refusal_says_how_long_it_is() {
    let service = BearerAuthLayer::new(TestTokens::new().verifier()).layer(hello());
    let body = service.oneshot(without_token()).await.unwrap().into_body();
    let exact = body.size_hint().exact().unwrap();
    assert_eq!(body.collect().await.unwrap().to_bytes().len() as u64, exact);
}

fn preflight() -> Request<axum::body::Body> {
    let request = Request::builder()
        .method(Method::OPTIONS)
        .uri("/me")
        .header(header::ORIGIN, "https://app.test");
    let request = request.header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET");
    request
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization")
        .body(axum::body::Body::empty())
        .expect("a request")
}

#[tokio::test]
async fn cors_further_out_answers_preflights_and_marks_refusals() {
    let tokens = TestTokens::new();
    let cors = || {
        CorsLayer::new()
            .allow_origin(tower_http::cors::Any)
            .allow_headers([header::AUTHORIZATION])
    };
    let app = Router::new()
        .route(
            "/me",
            get(async |CurrentUser(claims): CurrentUser| claims.subject().to_string()),
        )
        .layer(BearerAuthLayer::new(tokens.verifier()))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            Duration::from_secs(5),
        ))
        .layer(cors());
    let answer = app.clone().oneshot(preflight()).await.unwrap();
    assert_eq!(
        (
            answer.status().as_u16(),
            &answer.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN]
        ),
        (200, &"*".parse().unwrap())
    );

    let mut refused = Request::get("/me").body(axum::body::Body::empty()).unwrap();
    refused
        .headers_mut()
        .insert(header::ORIGIN, HeaderValue::from_static("https://app.test"));
    let answer = app.clone().oneshot(refused).await.unwrap();
    assert!(
        answer
            .headers()
            .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
    );
    Received::of(answer).await.assert_token_missing();

    let mut good = with_authorization(&tokens.bearer("alice")).map(axum::body::Body::from);
    *good.uri_mut() = "/me".parse().unwrap();
    assert_eq!(app.oneshot(good).await.unwrap().status(), 200);

    // Further in it never sees a preflight, which has no token.
    let inside = Router::new()
        .route("/me", get(async || ""))
        .layer(cors())
        .layer(BearerAuthLayer::new(tokens.verifier()));
    Received::of(inside.oneshot(preflight()).await.unwrap())
        .await
        .assert_token_missing();
}

#[tokio::test]
async fn cors_and_a_time_limit_go_around_the_layer_without_axum() {
    let tokens = TestTokens::new();
    let service = ServiceBuilder::new()
        .layer(CorsLayer::permissive())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::GATEWAY_TIMEOUT,
            Duration::from_secs(5),
        ))
        .layer(BearerAuthLayer::new(tokens.verifier()))
        .layer(RequireLayer::scope("a"))
        .service(hello());
    let answer = service
        .clone()
        .oneshot(preflight().map(|_| String::new()))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let good = with_authorization(&tokens.bearer_with_scope("alice", "a"));
    let answer = Received::of(service.oneshot(good).await.unwrap()).await;
    assert_eq!((answer.status, &*answer.body), (200, "alice"));
}

#[tokio::test]
async fn unknown_paths_stay_404_under_route_layer() {
    let layer = BearerAuthLayer::new(TestTokens::new().verifier());
    let app = Router::new()
        .route("/me", get(async || ""))
        .route_layer(layer);
    assert_eq!(
        app.clone()
            .oneshot(
                Request::get("/nothing")
                    .body(axum::body::Body::empty())
                    .unwrap()
            )
            .await
            .unwrap()
            .status(),
        404
    );
    Received::of(
        app.oneshot(Request::get("/me").body(axum::body::Body::empty()).unwrap())
            .await
            .unwrap(),
    )
    .await
    .assert_token_missing();
}

#[tokio::test]
async fn another_method_stays_405_under_the_route_layer_of_a_method_router_alone() {
    let layer = BearerAuthLayer::new(TestTokens::new().verifier());
    let post = || {
        Request::post("/me")
            .body(axum::body::Body::empty())
            .unwrap()
    };
    let of_method = Router::new().route("/me", get(async || "").route_layer(layer.clone()));
    let answer = of_method.oneshot(post()).await.unwrap();
    assert_eq!(answer.status(), 405);
    assert_eq!(answer.headers()["allow"], "GET,HEAD");
    let of_router = Router::new()
        .route("/me", get(async || ""))
        .route_layer(layer);
    Received::of(of_router.oneshot(post()).await.unwrap())
        .await
        .assert_token_missing();
}

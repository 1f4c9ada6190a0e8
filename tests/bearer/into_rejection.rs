//! What the closure of `with_rejection` may return.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http_body::Frame;
use serde_json::json;
use support::{App, Log, Received, ask};
use tower::ServiceExt;
use tower_bearer::bearer::IntoRejection;

/// An error of the application's own, as Axum knows it.
struct InvalidToken;

impl IntoResponse for InvalidToken {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": "Invalid token" }));
        (StatusCode::BAD_REQUEST, body).into_response()
    }
}

struct Problem;

impl IntoRejection for Problem {
    fn into_rejection(self) -> http::Response<Bytes> {
        http::Response::new(Bytes::from_static(b"a problem"))
    }
}

async fn answered<R: IntoRejection + 'static>(answer: fn() -> R) -> Received {
    let app = App::new();
    let layer = app.layer().with_rejection(move |_, _| answer());
    let of_layer = ask(&layer, "Bearer a.b.c").await;
    assert_eq!(of_layer.headers[CACHE_CONTROL], "no-store");
    assert!(of_layer.headers.contains_key(WWW_AUTHENTICATE));

    let endpoints = app.endpoints().with_rejection(move |_, _| answer());
    let request = http::Request::post("/login").body(Body::empty()).unwrap();
    let of_endpoint = Received::read(endpoints.oneshot(request)).await;
    of_endpoint.assert_not_stored();
    assert_eq!(
        (of_endpoint.status, &of_endpoint.body),
        (of_layer.status, &of_layer.body)
    );
    of_layer
}

#[tokio::test]
async fn an_error_of_the_application_answers_as_it_does_in_axum() {
    let answer = answered(|| InvalidToken.into_response()).await;
    assert_eq!(
        answer.status_and_value(),
        (400, json!({ "error": "Invalid token" }))
    );
    assert_eq!(answer.headers[CONTENT_TYPE], "application/json");
}

#[tokio::test]
async fn a_status_with_json_is_an_answer() {
    let answer = answered(|| (StatusCode::GONE, json!({ "no": 1 }))).await;
    assert_eq!(answer.status_and_value(), (410, json!({ "no": 1 })));
    assert_eq!(answer.headers[CONTENT_TYPE], "application/json");
}

#[tokio::test]
async fn a_response_with_text_is_an_answer() {
    let answer = answered(|| http::Response::new("text".to_owned())).await;
    assert_eq!((answer.status, &*answer.body), (200, "text"));
}

#[tokio::test]
async fn a_type_of_the_application_may_be_an_answer() {
    let answer = answered(|| Problem).await;
    assert_eq!((answer.status, &*answer.body), (200, "a problem"));
}

/// A body that never comes.
struct Never;

impl http_body::Body for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn a_body_that_is_not_there_yet_is_empty_and_an_error_in_the_log() {
    let (log, _guard) = Log::capture();
    let stream = || (StatusCode::IM_A_TEAPOT, Body::new(Never)).into_response();
    let answer = answered(stream).await;
    assert_eq!((answer.status, &*answer.body), (418, ""));
    assert!(log.text().contains("the body is empty"));
}

//! Which requests are gRPC: all others are refused as usual, for a 200 tells everybody else that
//! all is well.

use http::header::{CONTENT_TYPE, TE};
use http::{HeaderValue, Method, Request, Version};
use support::send;
use tower_bearer::BearerAuthLayer;
use tower_bearer::test_util::TestTokens;

use crate::grpc::{assert_grpc, assert_plain, call, call_as};

fn layer() -> BearerAuthLayer {
    BearerAuthLayer::new(TestTokens::new().verifier()).grpc()
}

/// Refused as the same request would be without `grpc`.
async fn assert_as_usual(request: Request<String>, what: &str) {
    let answer = send(&layer(), request.clone()).await;
    assert_plain(&answer, what);
    answer.assert_token_missing();
    let mut bad = request;
    bad.headers_mut()
        .insert("authorization", HeaderValue::from_static("Bearer abc"));
    let answer = send(&layer(), bad).await;
    assert_plain(&answer, what);
    answer.assert_refused(401, "invalid_token", "token_invalid");
}

#[tokio::test]
async fn the_media_type_may_have_a_suffix_or_parameters() {
    for media_type in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc+json",
        "application/grpc+x.y-z",
        "application/grpc;charset=utf-8",
        "application/grpc; charset=utf-8",
        "application/grpc+proto;charset=utf-8",
        "application/grpc;charset",
    ] {
        let answer = send(&layer(), call_as(media_type, None)).await;
        assert_eq!(answer.status, 200, "{media_type}");
        assert_grpc(&answer, "16", Some("Bearer"));
    }
}

#[tokio::test]
async fn another_media_type_is_no_grpc() {
    for media_type in [
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpc-web-text",
        "application/grpcx",
        "application/grpc.x",
        "application/grpc/x",
        "application/grpc_x",
        "application/grp",
        "xapplication/grpc",
        "text/plain; application/grpc",
        "application/json",
        "application/json, application/grpc",
        "application/grpc, application/json",
        "*/*",
        "grpc",
        "",
    ] {
        assert_as_usual(call_as(media_type, None), media_type).await;
    }
    let mut none = call(None);
    none.headers_mut().remove(CONTENT_TYPE);
    assert_as_usual(none, "without a media type").await;
    let mut no_text = call(None);
    no_text.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_bytes(b"application/grpc\xff").unwrap(),
    );
    assert_as_usual(no_text, "no text").await;
}

/// A request has one media type. With two it is whatever the next one on the way takes it for.
#[tokio::test]
async fn two_media_types_are_no_grpc() {
    for (first, second) in [
        ("application/grpc", "text/html"),
        ("text/html", "application/grpc"),
    ] {
        let mut request = call_as(first, None);
        request
            .headers_mut()
            .append(CONTENT_TYPE, second.parse().unwrap());
        assert_as_usual(request, &format!("{first} and {second}")).await;
    }
}

#[tokio::test]
async fn another_version_of_http_is_no_grpc() {
    for version in [
        Version::HTTP_09,
        Version::HTTP_10,
        Version::HTTP_11,
        Version::HTTP_3,
    ] {
        let mut request = call(None);
        *request.version_mut() = version;
        assert_as_usual(request, &format!("{version:?}")).await;
    }
}

#[tokio::test]
async fn another_method_is_no_grpc() {
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::CONNECT,
    ];
    for method in methods
        .into_iter()
        .chain([Method::from_bytes(b"post").unwrap()])
    {
        let mut request = call(None);
        *request.method_mut() = method.clone();
        assert_as_usual(request, method.as_str()).await;
    }
}

#[tokio::test]
async fn without_te_trailers_it_is_no_grpc() {
    let mut none = call(None);
    none.headers_mut().remove(TE);
    assert_as_usual(none, "without te").await;
    for te in [
        "",
        "deflate",
        "gzip",
        "trailer",
        "trailersx",
        "trailers;q=0",
    ] {
        let mut request = call(None);
        request.headers_mut().insert(TE, te.parse().unwrap());
        assert_as_usual(request, te).await;
    }
}

/// A request as a browser's `fetch` sends it: scripts set neither `te` nor this version of HTTP.
#[tokio::test]
async fn a_plain_client_that_names_the_media_type_is_told_no() {
    let request = Request::post("/shop.Orders/List")
        .header(CONTENT_TYPE, "application/grpc")
        .body(String::new())
        .unwrap();
    assert_as_usual(request, "a plain client").await;
}

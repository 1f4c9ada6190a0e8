//! gRPC calls made by hand, and refusals as a gRPC client reads them.

mod metadata;
mod refusals;
mod requests;

use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, TE};
use http::{HeaderValue, Method, Request, Version};
use support::Received;

/// A call as a gRPC client makes it.
pub(crate) fn call(authorization: Option<&str>) -> Request<String> {
    let mut request = Request::new(String::new());
    *request.method_mut() = Method::POST;
    *request.version_mut() = Version::HTTP_2;
    *request.uri_mut() = "https://api.example.com/shop.Orders/List".parse().unwrap();
    let headers = request.headers_mut();
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    if let Some(value) = authorization {
        headers.insert(AUTHORIZATION, value.parse().unwrap());
    }
    request
}

/// The same request with another media type.
pub(crate) fn call_as(media_type: &str, authorization: Option<&str>) -> Request<String> {
    let mut request = call(authorization);
    request
        .headers_mut()
        .insert(CONTENT_TYPE, media_type.parse().unwrap());
    request
}

/// `grpc-message`, decoded.
pub(crate) fn message(answer: &Received) -> String {
    let message = answer.headers["grpc-message"].to_str().unwrap();
    assert!(
        message.bytes().all(|byte| matches!(byte, 0x20..=0x7e)),
        "{message}"
    );
    percent_encoding::percent_decode_str(message)
        .decode_utf8()
        .unwrap()
        .into_owned()
}

/// Trailers-only: all in the headers, and the challenge that goes with it.
#[track_caller]
pub(crate) fn assert_grpc(answer: &Received, code: &str, challenge: Option<&str>) {
    assert_eq!((answer.status, &*answer.body), (200, ""), "{answer:?}");
    assert_eq!(
        answer.headers[CONTENT_TYPE], "application/grpc",
        "{answer:?}"
    );
    assert_eq!(
        answer
            .headers
            .get_all("grpc-status")
            .iter()
            .collect::<Vec<_>>(),
        [code],
        "{answer:?}"
    );
    assert!(!message(answer).is_empty());
    let is_refusal = !["13", "14"].contains(&code);
    let has = |name: &str| answer.headers.contains_key(name);
    assert_eq!(has("error-reason"), is_refusal, "{answer:?}");
    assert!(code == "14" || !has(RETRY_AFTER.as_str()), "{answer:?}");
    let said = answer.challenge();
    match challenge {
        Some(start) => assert!(
            said.is_some_and(|said| said == start || said.starts_with(&format!("{start},"))),
            "{answer:?}"
        ),
        None => assert_eq!(said, None, "{answer:?}"),
    }
}

/// Asserts that the response has nothing that only a gRPC client would understand.
#[track_caller]
pub(crate) fn assert_plain(answer: &Received, what: &str) {
    assert_ne!(answer.status, 200, "{what}: {answer:?}");
    assert_eq!(answer.headers[CONTENT_TYPE], "application/json", "{what}");
    for header in ["grpc-status", "grpc-message"] {
        assert!(!answer.headers.contains_key(header), "{what}: {answer:?}");
    }
}

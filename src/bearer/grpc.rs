//! Rejections as a gRPC client reads them: trailers-only, with the status in the headers.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER, TE, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, Version};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::error::BearerError;
use super::error_kind::BearerErrorKind;

/// Returns whether a gRPC client made this request: `POST`, HTTP/2, `te: trailers`, and the media
/// type `application/grpc`, perhaps with a suffix or with parameters.
///
/// A looser test would do harm: the response is 200, which any other client takes for success.
pub(super) fn is_grpc(parts: &Parts) -> bool {
    let is_grpc_type = |value: &HeaderValue| {
        let rest = value.as_bytes().strip_prefix(b"application/grpc");
        rest.is_some_and(|rest| rest.first().is_none_or(|next| b"+;".contains(next)))
    };
    parts.method == Method::POST
        && parts.version == Version::HTTP_2
        && only(parts, &TE).is_some_and(|value| value == "trailers")
        && only(parts, &CONTENT_TYPE).is_some_and(is_grpc_type)
}

/// Returns the value of a header, unless it is repeated.
fn only<'p>(parts: &'p Parts, name: &HeaderName) -> Option<&'p HeaderValue> {
    let mut values = parts.headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// Builds a response with `grpc-status`, and with the reason, the challenge and the pause that an
/// HTTP response would have. They are plain metadata, which every client reads without a schema.
pub(super) fn to_grpc_response(error: &BearerError) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-status", HeaderValue::from_static(status(error)));
    for (name, text) in [
        ("grpc-message", Some(error.description())),
        ("error-reason", error.reason()),
    ] {
        let text = text.map(|text| utf8_percent_encode(text, MESSAGE).to_string());
        if let Some(Ok(text)) = text.map(HeaderValue::try_from) {
            headers.insert(name, text);
        }
    }
    for challenge in error.challenges() {
        headers.append(WWW_AUTHENTICATE, challenge);
    }
    if let Some(pause) = error.retry_after() {
        headers.insert(RETRY_AFTER, pause.as_secs().into());
    }
    response
}

/// Returns the status code of gRPC that means the same.
fn status(error: &BearerError) -> &'static str {
    match error.kind() {
        BearerErrorKind::TokenTooLarge => "3", // INVALID_ARGUMENT
        BearerErrorKind::Denied => status_of_own(error.status()),
        BearerErrorKind::InsufficientScope => "7", // PERMISSION_DENIED
        BearerErrorKind::Misconfigured => "13",    // INTERNAL
        BearerErrorKind::Unavailable => "14",      // UNAVAILABLE
        _ => "16",                                 // UNAUTHENTICATED
    }
}

/// Returns the status code for a status that the application chose.
fn status_of_own(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "16",
        StatusCode::NOT_FOUND => "5",         // NOT_FOUND
        StatusCode::CONFLICT => "10",         // ABORTED
        StatusCode::TOO_MANY_REQUESTS => "8", // RESOURCE_EXHAUSTED
        StatusCode::SERVICE_UNAVAILABLE => "14",
        status if status.is_server_error() => "13",
        _ => "7",
    }
}

/// The percent sign is escaped, as are all characters that are not visible ASCII or spaces.
const MESSAGE: &AsciiSet = &CONTROLS.add(b'%');

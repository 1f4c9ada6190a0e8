//! Builds responses, none of which may be stored.

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::json;
use crate::session::TokenResponse;

impl TokenResponse {
    /// Returns the response of RFC 6749 section 5.1: 200, JSON, with `Cache-Control: no-store`. Its
    /// body has the tokens: keep it out of logs.
    #[must_use]
    pub fn to_response(&self) -> Response<Bytes> {
        // Room for all of it, so that no copies of the tokens are left behind by a growing buffer.
        let mut body = Vec::with_capacity(self.access_token().secret().len() + USUAL_REST);
        let written = serde_json::to_writer(&mut body, self).is_ok();
        debug_assert!(written);
        json_bytes(StatusCode::OK, body)
    }
}

pub(super) fn json_response(status: StatusCode, body: &impl Serialize) -> Response<Bytes> {
    // Our own types are text, numbers and lists, which always fit JSON.
    json_bytes(status, serde_json::to_vec(body).unwrap_or_default())
}

/// Makes a response of JSON that is already serialized.
pub(super) fn json_bytes(status: StatusCode, body: Vec<u8>) -> Response<Bytes> {
    not_stored(json::response(status, body))
}

/// Forbids caches to store the response. RFC 6749 section 5.1 requires `Pragma` as well.
pub(super) fn not_stored<B>(mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    // Caches that know one of these do not look at `Cache-Control` (RFC 9213 section 2).
    for targeted in ["cdn-cache-control", "surrogate-control", "expires"] {
        headers.remove(targeted);
    }
    response
}

pub(super) fn error_response(
    status: StatusCode,
    error: &str,
    description: &str,
    reason: Option<&str>,
) -> Response<Bytes> {
    not_stored(json::error_response(status, error, description, reason))
}

/// Adds to an application's own response the headers of the usual one that it must not lose.
pub(super) fn complete<B>(response: Response<B>, usual: &Response<Bytes>) -> Response<B> {
    let mut response = not_stored(response);
    for name in [ACCEPT_ENCODING, ALLOW, RETRY_AFTER, WWW_AUTHENTICATE] {
        if !response.headers().contains_key(&name) {
            for value in usual.headers().get_all(&name) {
                response.headers_mut().append(&name, value.clone());
            }
        }
    }
    response
}

/// Room for a refresh token, the scope, and the other members of a token response.
const USUAL_REST: usize = 512;

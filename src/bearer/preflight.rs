//! Recognises CORS preflights.

use http::Method;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::request::Parts;

/// Returns whether a request is a CORS preflight (Fetch standard, CORS protocol): the question of a
/// browser whether a page of another origin may send a request. It has no token, and changes
/// nothing.
pub(super) fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(ORIGIN)
        && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

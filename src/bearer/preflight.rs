//! Recognises CORS preflights.

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderMap, Method};

/// Returns whether a request is a CORS preflight (Fetch standard, CORS protocol): the question of a
/// browser whether a page of another origin may send a request. It has no token, and changes
/// nothing.
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

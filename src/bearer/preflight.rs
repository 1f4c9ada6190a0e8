//! CORS preflights.

use http::Method;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::request::Parts;

/// With a preflight a browser asks whether a page of another origin may send the request that it
/// wants to send (Fetch standard, CORS protocol). It carries no token, and changes nothing.
pub(super) fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(ORIGIN)
        && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

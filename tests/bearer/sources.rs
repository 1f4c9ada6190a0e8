//! The helpers of the tests of token sources: layers, bare tokens, and a way to send any header.

mod cookie;
mod cross_site;
mod logs;
mod other_protocols;
mod places;
mod websocket;

use http::{HeaderValue, Request};
use tower_bearer::BearerAuthLayer;
use tower_bearer::bearer::TokenSource;
use tower_bearer::keys::AccessToken;
use tower_bearer::test_util::TestTokens;

/// A layer that looks in these places alone.
pub(crate) fn layer_of(
    tokens: &TestTokens,
    sources: impl IntoIterator<Item = TokenSource>,
) -> BearerAuthLayer {
    BearerAuthLayer::new(tokens.verifier()).with_token_sources(sources)
}

/// The token by itself, without a scheme.
pub(crate) fn bare(authorization: &str) -> &str {
    authorization.strip_prefix("Bearer ").unwrap()
}

/// The cookie `session`.
pub(crate) fn cookie() -> TokenSource {
    TokenSource::cookie("session").unwrap()
}

/// A function that reads `x-token`.
pub(crate) fn own_header() -> TokenSource {
    TokenSource::from_fn(|parts| {
        Some(AccessToken::new(
            parts.headers.get("x-token")?.to_str().ok()?,
        ))
    })
}

/// A `GET /` with these headers, each a line of its own, whatever bytes they have.
pub(crate) fn with_headers<'h>(
    headers: impl IntoIterator<Item = (&'static str, &'h [u8])>,
) -> Request<String> {
    let mut request = Request::new(String::new());
    for (name, value) in headers {
        request
            .headers_mut()
            .append(name, HeaderValue::from_bytes(value).unwrap());
    }
    request
}

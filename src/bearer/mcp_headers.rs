//! The headers that CORS has to name for an MCP server.

use http::HeaderName;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};

/// The headers that MCP clients in a browser send, for `Access-Control-Allow-Headers`: of the
/// Streamable HTTP transport up to 2026-07-28, and `Authorization`.
///
/// The CORS layer is further out than [`BearerAuthLayer`](crate::BearerAuthLayer), so that it
/// answers preflights and marks refusals:
///
/// ```
/// # use axum::Router;
/// # use http::{HeaderValue, Method};
/// # use tower_http::cors::CorsLayer;
/// use tower_bearer::bearer::{MCP_REQUEST_HEADERS, MCP_RESPONSE_HEADERS};
///
/// # fn example(app: Router) -> Router {
/// app.layer(
///     CorsLayer::new()
///         .allow_origin([HeaderValue::from_static("https://inspector.example.com")])
///         .allow_methods([Method::GET, Method::POST, Method::DELETE])
///         .allow_headers(MCP_REQUEST_HEADERS)
///         .expose_headers(MCP_RESPONSE_HEADERS),
/// )
/// # }
/// ```
pub const MCP_REQUEST_HEADERS: [HeaderName; 7] = [
    AUTHORIZATION,
    CONTENT_TYPE,
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("mcp-method"),
    HeaderName::from_static("mcp-name"),
    HeaderName::from_static("mcp-protocol-version"),
    HeaderName::from_static("mcp-session-id"),
];

/// The headers that MCP clients in a browser read, for `Access-Control-Expose-Headers`: the id of a
/// session, and what a refusal says. See [`MCP_REQUEST_HEADERS`].
pub const MCP_RESPONSE_HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("mcp-session-id"),
    RETRY_AFTER,
    WWW_AUTHENTICATE,
];

//! What a page of another origin needs of these endpoints (CORS), for the layer that allows it.
//!
//! This crate answers the preflights of its public documents alone. Put a CORS layer around the
//! whole application, so that it answers preflights before
//! [`BearerAuthLayer`](crate::BearerAuthLayer) asks for a token:
//!
//! ```
//! # use tower_bearer::{ConfigError, Sessions};
//! # fn example(sessions: Sessions) -> Result<axum::Router, ConfigError> {
//! use http::HeaderValue;
//! use tower_bearer::CookieDelivery;
//! use tower_bearer::endpoint::cors;
//! use tower_http::cors::CorsLayer;
//!
//! let page = "https://app.example.com";
//! let cookies = CookieDelivery::new().with_origin(page)?;
//! let app = axum::Router::new()
//!     .nest_service("/auth", sessions.endpoints().with_cookies(cookies))
//!     .layer(
//!         CorsLayer::new()
//!             .allow_origin(HeaderValue::from_static(page))
//!             .allow_credentials(true)
//!             .allow_methods(cors::methods())
//!             .allow_headers(cors::request_headers())
//!             .expose_headers(cors::response_headers()),
//!     );
//! # Ok(app)
//! # }
//! ```
//!
//! `allow_credentials` is for cookies alone, and never goes with an origin that is a wildcard. The
//! application's own routes may need more methods and headers.

use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, Method};

/// Returns the methods of these endpoints: `Access-Control-Allow-Methods`.
#[must_use]
pub fn methods() -> [Method; 3] {
    [Method::GET, Method::POST, Method::DELETE]
}

/// Returns the headers that a client sends to these endpoints and to the layer:
/// `Access-Control-Allow-Headers`. Without `Idempotency-Key` a login works, and the first refresh
/// fails.
#[must_use]
pub fn request_headers() -> [HeaderName; 3] {
    [
        AUTHORIZATION,
        CONTENT_TYPE,
        HeaderName::from_static("idempotency-key"),
    ]
}

/// Returns the headers that a client reads from responses: `Access-Control-Expose-Headers`.
#[must_use]
pub fn response_headers() -> [HeaderName; 2] {
    [WWW_AUTHENTICATE, RETRY_AFTER]
}

/// Returns the headers that MCP clients in a browser send, for `Access-Control-Allow-Headers`: of
/// the Streamable HTTP transport up to 2026-07-28, and `Authorization`.
///
/// ```
/// # use axum::Router;
/// # use http::HeaderValue;
/// # use tower_http::cors::CorsLayer;
/// use tower_bearer::endpoint::cors;
///
/// # fn example(app: Router) -> Router {
/// app.layer(
///     CorsLayer::new()
///         .allow_origin(HeaderValue::from_static("https://inspector.example.com"))
///         .allow_methods(cors::methods())
///         .allow_headers(cors::mcp_request_headers())
///         .expose_headers(cors::mcp_response_headers()),
/// )
/// # }
/// ```
#[must_use]
pub fn mcp_request_headers() -> [HeaderName; 7] {
    [
        AUTHORIZATION,
        CONTENT_TYPE,
        HeaderName::from_static("last-event-id"),
        HeaderName::from_static("mcp-method"),
        HeaderName::from_static("mcp-name"),
        HeaderName::from_static("mcp-protocol-version"),
        HeaderName::from_static("mcp-session-id"),
    ]
}

/// Returns the headers that MCP clients in a browser read, for `Access-Control-Expose-Headers`: the
/// id of a session, and what a refusal says.
#[must_use]
pub fn mcp_response_headers() -> [HeaderName; 3] {
    [
        WWW_AUTHENTICATE,
        RETRY_AFTER,
        HeaderName::from_static("mcp-session-id"),
    ]
}

//! [`IntoRejection`] is what an application's closure returns for a refused request.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::Value;

use crate::json;

/// The application's own response to a refused request: what the closure of
/// [`BearerAuthLayer::with_rejection`](crate::BearerAuthLayer::with_rejection) and of
/// [`AuthEndpoints::with_rejection`](crate::AuthEndpoints::with_rejection) returns.
///
/// | type | |
/// |---|---|
/// | `http::Response<Bytes>`, `http::Response<String>` | as it is |
/// | `(StatusCode, serde_json::Value)` | JSON with this status |
/// | `axum::response::Response` | with the feature `axum`; its body must not be a stream: `Json` and text are fine |
///
/// The application's own error type may implement it too.
///
/// ```
/// use bytes::Bytes;
/// use http::Response;
/// use tower_bearer::bearer::IntoRejection;
///
/// struct Problem(&'static str);
///
/// impl IntoRejection for Problem {
///     fn into_rejection(self) -> Response<Bytes> {
///         let mut response = Response::new(Bytes::from(self.0));
///         *response.status_mut() = http::StatusCode::UNAUTHORIZED;
///         response
///     }
/// }
/// ```
pub trait IntoRejection {
    /// Returns the response.
    fn into_rejection(self) -> Response<Bytes>;
}

impl IntoRejection for Response<Bytes> {
    fn into_rejection(self) -> Self {
        self
    }
}

impl IntoRejection for Response<String> {
    fn into_rejection(self) -> Response<Bytes> {
        self.map(Bytes::from)
    }
}

impl IntoRejection for (StatusCode, Value) {
    fn into_rejection(self) -> Response<Bytes> {
        let (status, body) = self;
        json::response(status, body.to_string())
    }
}

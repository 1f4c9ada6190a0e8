//! [`Rejection`] is how a layer refuses: what its challenges say, and the closure that replaces its
//! responses.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::request::Parts;

use super::error::BearerError;
use super::error_kind::BearerErrorKind;
use super::grpc::{is_grpc, to_grpc_response};
use super::protection::Protection;
use crate::names::Scope;

type Respond = dyn Fn(&BearerError, &Parts) -> Response<Bytes> + Send + Sync;

/// How a layer refuses requests. [`RequireLayer`](crate::bearer::RequireLayer) and the extractors
/// use it too, so that all of them refuse alike.
#[derive(Clone, Default)]
pub(crate) struct Rejection {
    pub(super) protection: Arc<Protection>,
    pub(super) answer: Option<Arc<Respond>>,
    pub(super) grpc: bool,
}

impl Rejection {
    /// Logs one event, and returns the response.
    pub(crate) fn refuse(&self, error: BearerError, parts: &Parts) -> Response<Bytes> {
        let error = error.with_protection(&self.protection);
        log(&error, parts);
        if self.grpc && is_grpc(parts) {
            return to_grpc_response(&error);
        }
        let Some(answer) = &self.answer else {
            return error.to_response();
        };
        let mut response = answer(&error, parts);
        error.complete(response.headers_mut());
        response
    }
}

fn log(error: &BearerError, parts: &Parts) {
    let path = parts.uri.path();
    let cause = std::error::Error::source(error);
    match error.kind() {
        BearerErrorKind::Misconfigured => tracing::error!(path, cure = %error, "request refused"),
        BearerErrorKind::Unavailable if !error.is_logged() => {
            tracing::error!(path, cause, "request refused");
        }
        // Every scanner makes thousands of these.
        BearerErrorKind::MissingToken => {
            tracing::debug!(path, reason = error.reason(), "request refused");
        }
        _ => {
            let needs = error.scope().map(Scope::as_str);
            tracing::info!(
                path,
                reason = error.reason(),
                needs,
                cause,
                "request refused"
            );
        }
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("protection", &self.protection)
            .field("replaced", &self.answer.is_some())
            .field("grpc", &self.grpc)
            .finish()
    }
}

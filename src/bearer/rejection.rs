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
use super::on_refusal::OnRefusal;
use super::protection::Protection;
use super::ready::ReadyResponses;
use crate::names::Scope;
use crate::shown::{OneLine, path, source};

type Respond = dyn Fn(&BearerError, &Parts) -> Response<Bytes> + Send + Sync;

/// How a layer refuses requests. [`RequireLayer`](crate::bearer::RequireLayer) and the extractors
/// use it too, so that all of them refuse alike.
#[derive(Clone, Default)]
pub(crate) struct Rejection {
    protection: Arc<Protection>,
    /// The responses of this layer, if its challenges have something to say.
    ready: Option<Arc<ReadyResponses>>,
    pub(super) answer: Option<Arc<Respond>>,
    pub(super) grpc: bool,
    pub(super) on_refusal: Option<OnRefusal>,
}

impl Rejection {
    /// Returns what the challenges say, to change it.
    pub(super) fn protection(&mut self) -> &mut Protection {
        // The responses that were made before do not say it.
        self.ready = Some(Arc::default());
        Arc::make_mut(&mut self.protection)
    }

    /// Logs one event, tells it, and returns the response.
    pub(crate) fn refuse(&self, error: BearerError, parts: &Parts) -> Response<Bytes> {
        log(&error, parts);
        if let Some(on_refusal) = &self.on_refusal {
            on_refusal.tell(&error, parts);
        }
        let is_grpc = self.grpc && is_grpc(parts);
        if let Some(answer) = self.answer.as_ref().filter(|_| !is_grpc) {
            let error = error.with_protection(&self.protection);
            let mut response = answer(&error, parts);
            error.complete(response.headers_mut());
            return response;
        }
        let usual = error.usual();
        let make = || {
            let error = error.with_protection(&self.protection);
            if is_grpc {
                to_grpc_response(&error)
            } else {
                error.to_response()
            }
        };
        match (usual, &self.ready) {
            (None, _) => make(),
            (Some(number), Some(ready)) => ready.get(number, is_grpc, make),
            (Some(number), None) => ReadyResponses::of_plain_layers(number, is_grpc, make),
        }
    }
}

fn log(error: &BearerError, parts: &Parts) {
    let cause = source(error);
    match error.kind() {
        BearerErrorKind::Misconfigured => {
            tracing::error!(path = &*path(parts), cure = %OneLine(error), "request refused");
        }
        BearerErrorKind::Unavailable if !error.is_logged() => {
            tracing::error!(path = &*path(parts), cause, "request refused");
        }
        // Every scanner makes thousands of these.
        BearerErrorKind::MissingToken => {
            tracing::debug!(
                path = &*path(parts),
                reason = error.reason(),
                "request refused"
            );
        }
        _ => {
            let needs = error.scope().map(Scope::as_str);
            tracing::info!(
                path = &*path(parts),
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

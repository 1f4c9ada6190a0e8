//! [`Hints`] are log lines that say how to fix an application whose layers are in the wrong order.

use std::sync::atomic::{AtomicU32, Ordering};

use http::Method;
use http::request::Parts;

use super::preflight::is_preflight;
use crate::once::Once;
use crate::shown::path;

/// The hints that a layer has logged. Each is logged once, since anyone can send such requests.
#[derive(Debug, Default)]
pub(super) struct Hints {
    preflight: Once,
    login: Once,
    /// The refusals that named the metadata of the resource before it was read here.
    unread: AtomicU32,
}

impl Hints {
    /// Notes that this layer sees the paths of the metadata.
    pub(super) fn metadata_was_read(&self) {
        self.unread.store(NEVER, Ordering::Relaxed);
    }

    /// Logs a hint if many refusals named the metadata, and no client has read it here.
    pub(super) fn of_unread_metadata(&self) {
        let unread = self.unread.load(Ordering::Relaxed);
        if unread >= MANY {
            return;
        }
        // Of several requests at once only one counts to the end.
        if self.unread.fetch_add(1, Ordering::Relaxed) + 1 == MANY {
            tracing::info!(
                cure = "if GET /.well-known/oauth-protected-resource is 404, mount \
                        ResourceMetadataEndpoint or McpMetadataEndpoint: this layer does not see \
                        the path behind `route_layer` or in one of several routers",
                "clients are told where the metadata is, and none has read it from this layer"
            );
        }
    }

    /// Logs a hint about a request that was refused because it has no token.
    pub(super) fn of_missing_token(&self, parts: &Parts, has_sessions: bool) {
        if is_preflight(&parts.method, &parts.headers) && self.preflight.is_first() {
            tracing::warn!(
                path = &*path(parts),
                cure = "add the CORS layer after this layer, so that it is the outer one; or, if \
                        the inner service answers preflights, call `.admit_preflights()`",
                "a CORS preflight was refused, because it has no token"
            );
        }
        if has_sessions && is_login(parts) && self.login.is_first() {
            tracing::warn!(
                path = &*path(parts),
                cure = "call `.nest_service(\"/auth\", …)` after `.route_layer(…)`, so that the \
                        endpoints are outside the layer",
                "a login or a refresh was refused, because it has no access token"
            );
        }
    }
}

/// Returns whether this looks like a request to our endpoints.
fn is_login(parts: &Parts) -> bool {
    let last = || parts.uri.path().rsplit('/').next();
    parts.method == Method::POST && matches!(last(), Some("login" | "refresh" | "token"))
}

/// So many refusals without a token are more than a client that tries once.
const MANY: u32 = 10;
const NEVER: u32 = u32::MAX / 2;

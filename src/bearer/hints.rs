//! [`Hints`] are log lines that say how to fix an application whose layers are in the wrong order.

use http::Method;
use http::request::Parts;

use super::preflight::is_preflight;
use crate::once::Once;

/// The hints that a layer has logged. Each is logged once, since anyone can send such requests.
#[derive(Debug, Default)]
pub(super) struct Hints {
    preflight: Once,
    login: Once,
}

impl Hints {
    /// Logs a hint about a request that was refused because it has no token.
    pub(super) fn of_missing_token(&self, parts: &Parts, has_sessions: bool) {
        let path = parts.uri.path();
        if is_preflight(parts) && self.preflight.is_first() {
            tracing::warn!(
                path,
                cure = "add the CORS layer after this layer, so that it is the outer one; or, if \
                        the inner service answers preflights, call `.admit_preflights()`",
                "a CORS preflight was refused, because it has no token"
            );
        }
        if has_sessions && is_login(parts) && self.login.is_first() {
            tracing::warn!(
                path,
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

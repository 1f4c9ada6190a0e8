//! [`Hints`]: log lines that say how to fix an application that is put together in the wrong way.

use http::Method;
use http::request::Parts;

use super::preflight::is_preflight;
use crate::once::Once;

/// Which hints a layer has given. Each is given once, since strangers can send such requests too.
#[derive(Debug, Default)]
pub(super) struct Hints {
    preflight: Once,
    login: Once,
}

impl Hints {
    /// A request was refused since it carries no token.
    pub(super) fn of_missing_token(&self, parts: &Parts, has_sessions: bool) {
        let path = parts.uri.path();
        if is_preflight(parts) && self.preflight.is_first() {
            tracing::warn!(
                path,
                cure = "add the CORS layer after this layer, so that it is further out; or, if the service \
                        within answers preflights, call `.admit_preflights()`",
                "a CORS preflight was refused, since it carries no token"
            );
        }
        if has_sessions && is_login(parts) && self.login.is_first() {
            tracing::warn!(
                path,
                cure = "call `.nest_service(\"/auth\", …)` after `.route_layer(…)`, so that the endpoints \
                        are outside of the layer",
                "a login or a refresh was refused, since it carries no access token"
            );
        }
    }
}

/// Whether this looks like a request to our endpoints.
fn is_login(parts: &Parts) -> bool {
    let last = parts.uri.path().rsplit('/').next();
    parts.method == Method::POST && matches!(last, Some("login" | "refresh" | "token"))
}

//! What MCP clients are told that want to log in by themselves, where there is no page for that.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response, StatusCode};

use crate::bearer::PublicDocument;
use crate::json;
use crate::once::Once;

/// Answers at the path that the metadata names as authorization endpoint and as registration
/// endpoint. Clients do not accept metadata without these, and show an error of their own that does
/// not say what to do. But they show the error of a registration (RFC 7591 section 3.2.2), and a
/// browser shows the page.
pub(super) fn no_login_page() -> PublicDocument {
    let hint = Once::default();
    PublicDocument::fixed(NO_LOGIN_PAGE.to_owned(), move |method| {
        if hint.is_first() {
            tracing::warn!(
                cure = "configure an access token in the client, or let an authorization server \
                        issue the tokens and name it in a ProtectedResource",
                "an MCP client wants to log in by itself, and these sessions have no login page"
            );
        }
        let mut response = if method == Method::POST {
            let status = StatusCode::BAD_REQUEST;
            json::error_response(status, "invalid_client_metadata", SENTENCE, None)
        } else {
            let mut page = Response::new(Bytes::from_static(SENTENCE.as_bytes()));
            *page.status_mut() = StatusCode::NOT_FOUND;
            let text = HeaderValue::from_static("text/plain; charset=utf-8");
            page.headers_mut().insert(CONTENT_TYPE, text);
            page
        };
        let no_store = HeaderValue::from_static("no-store");
        response.headers_mut().insert(CACHE_CONTROL, no_store);
        response
    })
}

pub(super) const NO_LOGIN_PAGE: &str = "/.well-known/no-login-page";

const SENTENCE: &str = "this server has no login page for MCP clients: configure the client to \
                        send an access token in the Authorization header";

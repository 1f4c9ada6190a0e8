//! What a browser may do with the responses of this server (OWASP ASVS 3.4).

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;

/// Adds the headers to every response, so that no page is forgotten.
pub(crate) async fn add(request: Request, next: Next) -> Response {
    let is_swagger_ui = request.uri().path().starts_with("/docs");
    let mut response = next.run(request).await;
    let policy = if is_swagger_ui { SWAGGER_UI } else { OWN };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    // With `no-referrer` the forms of these pages would be sent with `Origin: null`.
    let referrer = HeaderValue::from_static("strict-origin-when-cross-origin");
    headers.insert(REFERRER_POLICY, referrer);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Keeps a response for one user out of caches. A cache in front of the server leaves out by itself
/// what was asked for with `Authorization`, and not what was asked for with a cookie.
pub(crate) async fn never_store(mut response: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}

/// Scripts and styles only from our own files, forms only to us, and never in a frame.
const OWN: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
                   frame-ancestors 'none'";
/// Swagger UI writes styles into its page, and has pictures as `data:`.
const SWAGGER_UI: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
                          img-src 'self' data:; object-src 'none'; base-uri 'none'; \
                          form-action 'self'; frame-ancestors 'none'";

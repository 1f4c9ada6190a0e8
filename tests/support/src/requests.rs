//! Requests, to a layer and to endpoints.

use axum::body::Body;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::Value;
use tower_bearer::TokenResponse;

/// A request with this `Authorization` header.
pub fn with_authorization(value: &str) -> Request<String> {
    Request::builder()
        .header(AUTHORIZATION, value)
        .body(String::new())
        .unwrap()
}

/// A request without a token.
pub fn without_token() -> Request<String> {
    Request::new(String::new())
}

/// `Authorization` by an access token.
pub fn bearer(access_token: &str) -> String {
    format!("Bearer {access_token}")
}

/// The `Authorization` header with the access token of a pair.
pub fn bearer_of(pair: &TokenResponse) -> String {
    bearer(pair.access_token().secret())
}

/// A `POST` of a form.
pub fn form(path: &str, parameters: &[(&str, &str)]) -> Request<Body> {
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    Request::post(path)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap()
}

/// A `POST` of JSON.
pub fn json_request(path: &str, body: &Value) -> Request<Body> {
    Request::post(path)
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// A request without a body, signed in by an access token.
pub fn signed_in(method: &str, path: &str, access_token: &str) -> Request<Body> {
    let builder = Request::builder().method(method).uri(path);
    builder
        .header(AUTHORIZATION, bearer(access_token))
        .body(Body::empty())
        .unwrap()
}

/// The same request with one more header.
pub fn with_header(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().append(name, value.parse().unwrap());
    request
}

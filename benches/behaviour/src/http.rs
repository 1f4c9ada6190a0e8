//! A request to a router, without a connection.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt;

/// A response, read to its end.
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
}

impl Reply {
    /// A member of the JSON body, which has to be there.
    pub fn text(&self, name: &str) -> String {
        let text = self.json[name].as_str();
        text.unwrap_or_else(|| panic!("{}: no {name} in {}", self.status, self.json))
            .to_owned()
    }

    /// The first cookie, as a client sends it again.
    pub fn cookie(&self) -> Option<String> {
        let cookie = self.headers.get(header::SET_COOKIE)?.to_str().ok()?;
        Some(cookie.split(';').next()?.to_owned())
    }
}

pub fn form(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body.join("&")))
        .expect("a valid request")
}

pub fn get(path: &str, header: header::HeaderName, value: &str) -> Request<Body> {
    let request = Request::get(path).header(header, value);
    request.body(Body::empty()).expect("a valid request")
}

pub async fn send(app: &Router, request: Request<Body>) -> Reply {
    let response = app
        .clone()
        .oneshot(request)
        .await
        .expect("a router does not fail");
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("a small body");
    Reply {
        status: parts.status,
        headers: parts.headers,
        json: serde_json::from_slice(&body).unwrap_or_default(),
    }
}

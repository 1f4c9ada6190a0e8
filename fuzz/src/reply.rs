//! A response, and what is true of each.

use std::convert::Infallible;
use std::fmt::Debug;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use serde_json::Value;

use crate::{CANARY, block_on};

/// A response that was read to its end.
#[derive(Debug)]
pub struct Reply {
    /// The number alone.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Reply {
    /// Waits for the response of a service.
    pub fn read<B>(response: impl Future<Output = Result<Response<B>, Infallible>>) -> Self
    where
        B: http_body::Body<Data = Bytes, Error: Debug>,
    {
        block_on(async {
            let Ok(response) = response.await;
            let (parts, body) = response.into_parts();
            let body = body
                .collect()
                .await
                .expect("a body that does not break off");
            Self {
                status: parts.status.as_u16(),
                headers: parts.headers,
                body: String::from_utf8(body.to_bytes().into()).expect("a body of text"),
            }
        })
    }

    /// Asserts what holds for each refusal: it is not the server's fault, it is not stored, it is
    /// short JSON, and it repeats none of these secrets and nothing else of the request.
    #[track_caller]
    pub fn assert_refusal(&self, secrets: &[&str]) {
        assert!((400..500).contains(&self.status), "{self:?}");
        assert_eq!(self.headers[CACHE_CONTROL], "no-store", "{self:?}");
        assert_eq!(self.headers[CONTENT_TYPE], "application/json", "{self:?}");
        assert!(self.body.len() <= 512, "{self:?}");
        let body: Value = serde_json::from_str(&self.body).expect("JSON");
        assert!(body["error"].is_string(), "{self:?}");
        let challenges = self.headers.get_all(WWW_AUTHENTICATE).iter().count();
        assert!(challenges <= 1, "{self:?}");
        assert!(self.status != 401 || challenges == 1, "{self:?}");
        let shown = format!("{self:?}");
        for secret in secrets.iter().chain([&CANARY]) {
            assert!(!shown.contains(secret), "{secret} is in {shown}");
        }
    }
}

//! [`Received`]: a response, and what a test says of it.

use std::convert::Infallible;
use std::fmt::Debug;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower_bearer::names::SessionId;

use crate::handmade::claims_of;

/// A response, read to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// Its number alone.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, which must be UTF-8.
    pub body: String,
}

/// The tokens in the response to a login or a refresh.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// All of the answer.
    pub body: Value,
}

impl Tokens {
    /// The session that they belong to.
    pub fn session_id(&self) -> SessionId {
        let claims = claims_of(&self.access);
        let sid = claims["sid"].as_str().expect("a session");
        sid.parse().expect("an id")
    }
}

impl Received {
    /// Reads a response.
    pub async fn of<B>(response: Response<B>) -> Self
    where
        B: http_body::Body<Data = Bytes, Error: Debug>,
    {
        let (parts, body) = response.into_parts();
        let body = body
            .collect()
            .await
            .expect("a body that does not break off")
            .to_bytes();
        let body = String::from_utf8(body.to_vec()).expect("a body of text");
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    /// Reads what a service answers that cannot fail.
    pub async fn read<B>(response: impl Future<Output = Result<Response<B>, Infallible>>) -> Self
    where
        B: http_body::Body<Data = Bytes, Error: Debug>,
    {
        let Ok(response) = response.await;
        Self::of(response).await
    }

    /// The body, which has to be `application/json`.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.headers[CONTENT_TYPE], "application/json", "{self:?}");
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The body as JSON, whatever its media type says. Null where it is not JSON.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// The status, and [`Received::value`].
    pub fn status_and_value(&self) -> (u16, Value) {
        (self.status, self.value())
    }

    /// The tokens of a 200.
    #[track_caller]
    pub fn tokens(&self) -> Tokens {
        assert_eq!(self.status, 200, "{self:?}");
        let body = self.json();
        let text = |name: &str| body[name].as_str().expect("a token").to_owned();
        Tokens {
            access: text("access_token"),
            refresh: text("refresh_token"),
            body,
        }
    }

    /// The value of `WWW-Authenticate`, which must not be repeated.
    pub fn challenge(&self) -> Option<&str> {
        assert!(self.headers.get_all(WWW_AUTHENTICATE).iter().count() <= 1);
        self.headers
            .get(WWW_AUTHENTICATE)
            .map(|value| value.to_str().unwrap())
    }

    /// The handler has answered with this.
    #[track_caller]
    pub fn assert_passed(&self, body: &str) {
        assert_eq!(
            (self.status, self.challenge(), &*self.body),
            (200, None, body)
        );
    }

    /// Asserts status, challenge and body of a refusal of RFC 6750 section 3.1.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, error: &str, reason: &str) {
        assert_eq!(self.status, status, "{self:?}");
        let challenge = self.challenge().expect("a refusal with a challenge");
        let said = challenge
            .strip_prefix("Bearer ")
            .expect("the scheme")
            .split(", ");
        assert!(
            said.into_iter()
                .any(|parameter| parameter == format!("error=\"{error}\"")),
            "{challenge}"
        );
        self.assert_body(error, reason);
    }

    /// Asserts that no credentials were sent, and that the response says only that.
    #[track_caller]
    pub fn assert_token_missing(&self) {
        assert_eq!((self.status, self.challenge()), (401, Some("Bearer")));
        self.assert_body("unauthorized", "token_missing");
    }

    /// Asserts that the server is at fault: no challenge, for other credentials would not help.
    #[track_caller]
    pub fn assert_failed(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.challenge()), (status, None), "{self:?}");
        assert_eq!(self.json()["error"], error);
        assert_eq!(self.headers.contains_key(RETRY_AFTER), status == 503);
    }

    #[track_caller]
    fn assert_body(&self, error: &str, reason: &str) {
        assert_eq!(self.headers["content-type"], "application/json");
        let body = self.json();
        assert_eq!(
            (&body["error"], &body["reason"]),
            (&json!(error), &json!(reason))
        );
        assert!(
            body["error_description"]
                .as_str()
                .is_some_and(|text| !text.is_empty())
        );
    }

    /// No cache on the way may keep this response.
    #[track_caller]
    pub fn assert_not_stored(&self) {
        assert_eq!(self.headers[CACHE_CONTROL], "no-store", "{self:?}");
        assert_eq!(self.headers[PRAGMA], "no-cache", "{self:?}");
    }

    /// An error of RFC 6749 section 5.2: status, the headers that go with it and no others,
    /// `error`, and `reason` or none.
    #[track_caller]
    pub fn assert_error(&self, status: u16, error: &str, reason: Option<&str>) {
        assert_eq!(self.status, status, "{self:?}");
        let body = self.json();
        assert_eq!(body["error"], error, "{body}");
        assert_eq!(body.get("reason").and_then(Value::as_str), reason, "{body}");
        assert_eq!(
            self.headers.contains_key(RETRY_AFTER),
            status == 503,
            "{self:?}"
        );
        assert_eq!(self.headers.contains_key(ALLOW), status == 405, "{self:?}");
        // RFC 6749 section 5.2: %x20-21 / %x23-5B / %x5D-7E.
        let allowed = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        for text in [&body["error"], &body["error_description"]] {
            assert!(text.as_str().unwrap().bytes().all(allowed), "{body}");
        }
    }

    /// `400 invalid_grant`, which asks the user to log in again.
    #[track_caller]
    pub fn assert_invalid_grant(&self, reason: &str) {
        self.assert_error(400, "invalid_grant", Some(reason));
        assert!(!self.headers.contains_key(WWW_AUTHENTICATE), "{self:?}");
    }

    /// 503: the client may try again with what it has.
    #[track_caller]
    pub fn assert_unavailable(&self) {
        self.assert_error(503, "temporarily_unavailable", None);
        assert!(
            self.headers[RETRY_AFTER]
                .to_str()
                .unwrap()
                .parse::<u32>()
                .is_ok(),
            "{self:?}"
        );
        assert!(!self.headers.contains_key(WWW_AUTHENTICATE), "{self:?}");
    }

    /// 401 `invalid_token`, from the layer or from an endpoint that demands an access token.
    #[track_caller]
    pub fn assert_invalid_token(&self, reason: &str) {
        self.assert_error(401, "invalid_token", Some(reason));
        let challenge = self.headers[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(
            challenge.starts_with("Bearer error=\"invalid_token\""),
            "{challenge}"
        );
    }
}

/// The names of an object's members.
pub fn names(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect()
}

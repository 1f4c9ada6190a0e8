//! JSON: objects without repeated members, and responses whose body is JSON.

use std::collections::HashSet;
use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Parses a JSON object without repeated members, at any depth.
///
/// Where a member is repeated, `serde_json` keeps the last one. Another reader of the same text
/// may keep the first, and the two would see different users
/// (RFC 7515 section 4, RFC 7519 section 4, RFC 6749 section 3.2).
pub(crate) fn unique_object(text: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice::<Unique>(text).ok()?;
    serde_json::from_slice(text).ok()
}

/// Returns the first member of a JSON object that is repeated. Objects within it are not looked at.
pub(crate) fn repeated_member(text: &[u8]) -> Option<String> {
    serde_json::from_slice::<Repeated>(text).ok()?.0
}

struct Repeated(Option<String>);

impl<'de> Deserialize<'de> for Repeated {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self(None))
    }
}

impl<'de> Visitor<'de> for Repeated {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Self, A::Error> {
        let mut names = HashSet::new();
        while let Some((name, IgnoredAny)) = access.next_entry::<String, IgnoredAny>()? {
            if let Some(repeated) = names.replace(name) {
                self.0.get_or_insert(repeated);
            }
        }
        Ok(self)
    }
}

/// JSON without repeated members. Its values are dropped.
struct Unique;

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self, A::Error> {
        while access.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self, A::Error> {
        let mut names = HashSet::new();
        while let Some((name, Self)) = access.next_entry::<String, Self>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a member is repeated"));
            }
        }
        Ok(self)
    }
}

/// Returns a response whose body is this JSON.
pub(crate) fn response(status: StatusCode, json: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(json.into());
    *response.status_mut() = status;
    let media_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response
}

/// Returns a response whose body is the error object of RFC 6749 section 5.2, with a stable
/// `reason` for programs.
pub(crate) fn error_response(
    status: StatusCode,
    error: &str,
    description: &str,
    reason: Option<&str>,
) -> Response<Bytes> {
    #[derive(Serialize)]
    struct Object<'e> {
        error: &'e str,
        error_description: &'e str,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'e str>,
    }
    let object = Object {
        error,
        error_description: description,
        reason,
    };
    // Text always fits JSON.
    response(status, serde_json::to_vec(&object).unwrap_or_default())
}

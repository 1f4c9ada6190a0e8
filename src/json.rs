//! JSON: objects without repeated members, and responses whose body is JSON.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// A JSON object without repeated members.
///
/// Where a member is repeated, `serde_json` keeps the last one. Another reader of the same token
/// may keep the first, and the two would see different users
/// (RFC 7515 section 4, RFC 7519 section 4, RFC 6749 section 3.2).
pub(crate) struct UniqueObject(pub(crate) Map<String, Value>);

impl<'de> Deserialize<'de> for UniqueObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = UniqueObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<UniqueObject, A::Error> {
                let mut object = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if object.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member is repeated"));
                    }
                }
                Ok(UniqueObject(object))
            }
        }

        deserializer.deserialize_map(Names)
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

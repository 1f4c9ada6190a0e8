//! JSON: objects without repeated members, and responses whose body is JSON.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
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

/// A JSON object without repeated members, at any depth.
pub(crate) struct UniqueDocument(pub(crate) Map<String, Value>);

impl<'de> Deserialize<'de> for UniqueDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(AnyValue)? {
            Value::Object(object) => Ok(Self(object)),
            _ => Err(D::Error::custom("not an object")),
        }
    }
}

/// Reads a value as `serde_json` does, but for repeated members.
struct AnyValue;

impl<'de> DeserializeSeed<'de> for AnyValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(Self)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = access.next_key::<String>()? {
            // With `arbitrary_precision`, which any crate of an application may switch on, numbers
            // come as objects with this member.
            if object.is_empty() && name == NUMBER && has_arbitrary_precision() {
                let digits: String = access.next_value()?;
                return digits.parse().map(Value::Number).map_err(A::Error::custom);
            }
            let value = access.next_value_seed(Self)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is repeated"));
            }
        }
        Ok(Value::Object(object))
    }
}

const NUMBER: &str = "$serde_json::private::Number";

/// Returns whether `serde_json` keeps numbers as text: only then can it hold this one.
fn has_arbitrary_precision() -> bool {
    "1e400".parse::<serde_json::Number>().is_ok()
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

//! JSON: objects without repeated members, and responses whose body is JSON.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Parses a JSON object without repeated members, at any depth.
///
/// Where a member is repeated, `serde_json` keeps the last one. Another reader of the same text
/// may keep the first, and the two would see different users
/// (RFC 7515 section 4, RFC 7519 section 4, RFC 6749 section 3.2).
pub(crate) fn unique_object(text: &[u8]) -> Result<Map<String, Value>, NotUnique> {
    let repeated = Cell::new(None);
    let mut json = serde_json::Deserializer::from_slice(text);
    let unique = Unique {
        repeated: &repeated,
        is_inner: false,
    };
    let checked = unique.deserialize(&mut json);
    let object = checked.and_then(|()| serde_json::from_slice(text));
    object.map_err(|_| NotUnique {
        repeated: repeated.take(),
    })
}

/// A text is not a JSON object, or a member is repeated.
pub(crate) struct NotUnique {
    pub(crate) repeated: Option<Repeated>,
}

/// The first member that is repeated.
pub(crate) struct Repeated {
    pub(crate) name: String,
    /// Whether it is a member of a value within the text.
    pub(crate) is_inner: bool,
}

/// Reads JSON without repeated members, and drops its values.
#[derive(Clone, Copy)]
struct Unique<'r> {
    /// The reading ends at this member.
    repeated: &'r Cell<Option<Repeated>>,
    is_inner: bool,
}

impl Unique<'_> {
    fn inner(self) -> Self {
        Self {
            is_inner: true,
            ..self
        }
    }
}

impl<'de> DeserializeSeed<'de> for Unique<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        while access.next_element_seed(self.inner())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = access.next_key::<String>()? {
            if let Some(name) = names.replace(name) {
                let is_inner = self.is_inner;
                self.repeated.set(Some(Repeated { name, is_inner }));
                return Err(A::Error::custom("a member is repeated"));
            }
            access.next_value_seed(self.inner())?;
        }
        Ok(())
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

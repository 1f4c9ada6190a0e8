//! JSON objects without repeated members, and the JSON object of an error.

use std::fmt;

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

/// The error object of RFC 6749 section 5.2, with a stable `reason` for programs.
#[derive(Debug, Serialize)]
pub(crate) struct ErrorObject<'e> {
    pub(crate) error: &'e str,
    #[serde(rename = "error_description")]
    pub(crate) description: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'e str>,
}

impl ErrorObject<'_> {
    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Text always fits JSON.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

//! [`Json`] is a value in a token, whose text stays where it is in the token.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// A JSON value. Text without escapes is borrowed, so that a token with a dozen claims costs one
/// allocation, and not one for each claim.
#[derive(Debug, PartialEq)]
pub(super) enum Json<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    List(Vec<Json<'t>>),
    Object(Object<'t>),
}

/// A JSON object without repeated members, at any depth.
///
/// Where a member is repeated, `serde_json` keeps the last one. Another reader of the same token
/// may keep the first, and the two would see different users (RFC 7515 section 4, RFC 7519 section
/// 4).
#[derive(Debug, Default, PartialEq)]
pub(super) struct Object<'t>(Vec<(Cow<'t, str>, Json<'t>)>);

impl<'t> Object<'t> {
    /// Reads a text that is an object.
    pub(super) fn parse(text: &'t [u8]) -> Option<Self> {
        match serde_json::from_slice(text) {
            Ok(Json::Object(object)) => Some(object),
            _ => None,
        }
    }

    /// Returns a member.
    pub(super) fn get(&self, name: &str) -> Option<&Json<'t>> {
        let mut members = self.members();
        members.find_map(|(own, value)| (own == name).then_some(value))
    }

    /// Iterates over the names and values.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Json<'t>)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// Iterates over the names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.members().map(|(name, _)| name)
    }

    /// Estimates what the members take in a map of `serde_json`.
    pub(super) fn bytes_in_map(&self) -> usize {
        self.0.iter().map(|(_, value)| value.bytes_in_map()).sum()
    }

    fn has_repeated_name(&self) -> bool {
        if self.0.len() <= FEW {
            let names = self.0.iter().enumerate();
            let mut rest = names.map(|(index, (name, _))| (name, &self.0[index + 1..]));
            return rest.any(|(name, rest)| rest.iter().any(|(other, _)| other == name));
        }
        // Thousands of names fit a token, and comparing each with each would take milliseconds.
        let mut names: Vec<&str> = self.names().collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }
}

/// The number of names up to which each is compared with each.
const FEW: usize = 16;
/// The bytes of a value in a list or an object, and those of an object.
const OF_VALUE: usize = 64;
const OF_OBJECT: usize = 640;

impl<'t> Json<'t> {
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn as_object(&self) -> Option<&Object<'t>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    fn bytes_in_map(&self) -> usize {
        match self {
            Self::List(list) => OF_VALUE + list.iter().map(Self::bytes_in_map).sum::<usize>(),
            // It has room for more members than it has.
            Self::Object(object) => OF_OBJECT + object.bytes_in_map(),
            _ => OF_VALUE,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the same value with memory of its own.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(bool) => Value::Bool(*bool),
            Self::Number(number) => Value::Number(number.clone()),
            Self::Text(text) => Value::String((**text).to_owned()),
            Self::List(list) => list.iter().map(Self::to_value).collect(),
            Self::Object(object) => {
                let members = object.members();
                members
                    .map(|(name, value)| (name, value.to_value()))
                    .collect()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element()? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = access.next_key_seed(Name)? {
            // With `arbitrary_precision`, which any crate of an application may switch on, numbers
            // come as objects with this member.
            if members.is_empty() && name == NUMBER && has_arbitrary_precision() {
                let digits: String = access.next_value()?;
                return digits.parse().map(Json::Number).map_err(A::Error::custom);
            }
            if members.is_empty() {
                members.reserve(FEW);
            }
            members.push((name, access.next_value()?));
        }
        let object = Object(members);
        if object.has_repeated_name() {
            return Err(A::Error::custom("a member is repeated"));
        }
        Ok(Json::Object(object))
    }
}

/// Reads the name of a member.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

const NUMBER: &str = "$serde_json::private::Number";

/// Returns whether `serde_json` keeps numbers as text: only then can it hold this one.
fn has_arbitrary_precision() -> bool {
    "1e400".parse::<Number>().is_ok()
}

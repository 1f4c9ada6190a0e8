//! [`Json`] is a value in a token, whose text stays where it is in the token.

mod begun;
mod members;
mod read;

use std::borrow::Cow;

use serde_json::{Number, Value};

pub(super) use self::begun::Begun;

/// A JSON value. Text without escapes is borrowed, so that a token with a dozen claims costs one
/// allocation, and not one for each claim. `True` and `False` are two variants, because a `bool`
/// inside would move every value at odd addresses, which processors do slowly.
#[derive(Debug, PartialEq)]
pub(super) enum Json<'t> {
    Null,
    True,
    False,
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
    /// Returns a member.
    pub(super) fn get(&self, name: &str) -> Option<&Json<'t>> {
        let mut members = self.members();
        members.find_map(|(own, value)| is_same(own, name).then_some(value))
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
            return rest.any(|(name, rest)| rest.iter().any(|(other, _)| is_same(name, other)));
        }
        // Thousands of names fit a token, and comparing each with each would take milliseconds.
        let mut names: Vec<&str> = self.names().collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }
}

/// Compares two names, and looks at their first bytes before it calls a function for all of them:
/// most names have three letters.
fn is_same(name: &str, other: &str) -> bool {
    name.len() == other.len() && name.bytes().next() == other.bytes().next() && name == other
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
            Self::True => Value::Bool(true),
            Self::False => Value::Bool(false),
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

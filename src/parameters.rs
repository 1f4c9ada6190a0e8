//! Reads the parameters of a request into a type of the application.

use std::cell::Cell;
use std::str::FromStr;

use serde::de::value::MapDeserializer;
use serde::de::{
    DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Map, Value};
use serde_path_to_error::Segment;

/// The parameter that does not fit the application's type. It repeats nothing that was sent.
#[derive(Debug)]
pub(crate) struct WrongParameter {
    /// A field of the application's type, or `a parameter`.
    pub(crate) name: String,
    /// What the type expects there. It is `None` where the parameter is missing.
    pub(crate) expected: Option<String>,
}

/// Reads a type from parameters, those of a form or of JSON. Parameters that the type does not know
/// are ignored.
pub(crate) fn read<T: DeserializeOwned>(sent: Map<String, Value>) -> Result<T, WrongParameter> {
    let fields = Cell::default();
    let outcome = serde_path_to_error::deserialize(Noted {
        sent,
        fields: &fields,
    });
    outcome.map_err(|error| {
        let sent = match error.path().iter().next() {
            Some(Segment::Map { key }) => key.as_str(),
            _ => "",
        };
        // Names after the first one of a path may have been chosen by the client.
        let field = fields.get().iter().copied().find(|field| *field == sent);
        WrongParameter::of(field, &error.inner().to_string())
    })
}

/// Notes the fields of the application's type: all other names come from the client.
struct Noted<'n> {
    sent: Map<String, Value>,
    fields: &'n Cell<&'static [&'static str]>,
}

impl<'de> Deserializer<'de> for Noted<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let sent = self
            .sent
            .into_iter()
            .map(|(name, value)| (name, Parameter(value)));
        MapDeserializer::new(sent).deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.fields.set(fields);
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        Value::Object(self.sent).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

impl WrongParameter {
    /// Takes over the parts of serde's message that never repeat what was sent.
    fn of(field: Option<&'static str>, message: &str) -> Self {
        let missing = message
            .strip_prefix("missing field `")
            .and_then(|rest| rest.split('`').next());
        if let Some(name) = missing {
            return Self {
                name: plain(name),
                expected: None,
            };
        }
        let expected = message
            .rsplit_once(", expected ")
            .map_or("another value", |(_, expected)| expected);
        Self {
            name: plain(field.unwrap_or("a parameter")),
            expected: Some(plain(expected)),
        }
    }
}

/// Keeps the characters that the name of a field or a type may have.
fn plain(words: &str) -> String {
    let is_plain =
        |character: &char| character.is_ascii_alphanumeric() || " _.`:<>[]()-".contains(*character);
    words.chars().filter(is_plain).take(MAX_WORDS).collect()
}

const MAX_WORDS: usize = 100;

/// The value of a parameter. A page sends texts, in JSON too: `Object.fromEntries(new FormData(…))`
/// has no other values. So a text is read as the type that the application wants.
struct Parameter(Value);

impl Parameter {
    fn number<T: FromStr>(text: &str, expected: &'static str) -> Result<T, Error> {
        text.parse()
            .map_err(|_| Error::invalid_type(Unexpected::Str(""), &expected))
    }
}

macro_rules! deserialize_numbers {
    ($($method:ident $visit:ident $type:ident;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0 {
                Value::String(text) => {
                    visitor.$visit(Self::number::<$type>(&text, stringify!($type))?)
                }
                other => other.$method(visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Parameter {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_any(visitor)
    }

    // A checkbox of HTML sends `on`.
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::String(text) => match &*text {
                "true" | "on" | "1" => visitor.visit_bool(true),
                "false" | "off" | "0" => visitor.visit_bool(false),
                _ => Err(Error::invalid_type(Unexpected::Str(""), &"bool")),
            },
            other => other.deserialize_bool(visitor),
        }
    }

    deserialize_numbers! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_i128 visit_i128 i128;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_u128 visit_u128 u128;
        deserialize_f32 visit_f32 f32;
        deserialize_f64 visit_f64 f64;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        // A parameter that is null counts as absent before it is read here.
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Parameter {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

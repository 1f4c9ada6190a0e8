//! [`WipedObject`] is the JSON of keys, which may be secret.

use std::collections::HashMap;
use std::ops::Deref;

use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use zeroize::Zeroize;

use crate::error::ConfigError;
use crate::json::unique_object;

/// A JSON object without repeated members, whose texts are wiped from memory when it is dropped.
pub(super) struct WipedObject(Map<String, Value>);

impl WipedObject {
    pub(super) fn parse(json: &str) -> Option<Self> {
        unique_object(json.as_bytes()).map(Self)
    }
}

/// Says why a text is not such an object, if a repeated name is all that is wrong with it.
pub(super) fn repeats_a_name(json: &str) -> Option<ConfigError> {
    // No value is kept, since it may be secret.
    let object = serde_json::from_str::<HashMap<String, IgnoredAny>>(json);
    object.is_ok().then_some(ConfigError::from_static(
        "a name is repeated in the JSON, and readers would not agree on its value",
    ))
}

impl Deref for WipedObject {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl Drop for WipedObject {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(wipe),
        Value::Object(object) => object.values_mut().for_each(wipe),
        _ => {}
    }
}

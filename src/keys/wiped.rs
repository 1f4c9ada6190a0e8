//! [`WipedObject`] is the JSON of keys, which may be secret.

use std::ops::Deref;

use serde_json::{Map, Value};
use zeroize::Zeroize;

use crate::error::ConfigError;
use crate::json::unique_object;

/// A JSON object without repeated members, whose texts are wiped from memory when it is dropped.
pub(super) struct WipedObject(Map<String, Value>);

impl WipedObject {
    /// Reads a text. `or_else` says what else is wrong with it than a repeated name.
    pub(super) fn parse(
        json: &str,
        or_else: impl FnOnce() -> ConfigError,
    ) -> Result<Self, ConfigError> {
        let object = unique_object(json.as_bytes()).map_err(|error| match error.repeated {
            Some(_) => ConfigError::from_static(
                "a name is repeated in the JSON, and readers would not agree on its value",
            ),
            None => or_else(),
        });
        object.map(Self)
    }
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

//! Reads the members of a JWK. `null` is as if absent, as other libraries read it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::error::ConfigError;

pub(crate) fn member<'a>(jwk: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    jwk.get(name).filter(|value| !value.is_null())
}

/// Returns a member whose type does not matter to anyone else: it is absent if it is not text.
pub(crate) fn optional_text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    jwk.get(name).and_then(Value::as_str)
}

pub(crate) fn text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Result<&'a str, ConfigError> {
    optional_text(jwk, name).ok_or_else(|| {
        ConfigError::new(format!(
            "the member {name} of the key is missing, or is not text"
        ))
    })
}

/// Returns the entries of a list, or none where it is not a list.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Decodes base64url. Some servers write the other alphabet of base64, padding or line breaks: the
/// bytes are the same.
pub(crate) fn bytes(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, ConfigError> {
    let text = text(jwk, name)?;
    // It may be a secret, and a buffer that grows would leave copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(text.len()));
    let is_end = |end: char| end == '=' || end.is_ascii_whitespace();
    let bytes = text.trim_end_matches(is_end).bytes();
    plain.extend(
        bytes
            .filter(|byte| !byte.is_ascii_whitespace())
            .map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => other,
            }),
    );
    URL_SAFE_NO_PAD
        .decode(&*plain)
        .map_err(|_| ConfigError::new(format!("the member {name} of the key is not base64url")))
}

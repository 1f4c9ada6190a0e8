//! Reads the members of a JWK. `null` is as if absent, as other libraries read it.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
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
    let plain: Zeroizing<Vec<u8>> = Zeroizing::new(
        text(jwk, name)?
            .bytes()
            .filter(|byte| !byte.is_ascii_whitespace())
            .map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => other,
            })
            .collect(),
    );
    BASE64
        .decode(&*plain)
        .map_err(|_| ConfigError::new(format!("the member {name} of the key is not base64url")))
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

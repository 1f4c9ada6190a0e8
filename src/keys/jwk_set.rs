//! Reads a JWK set (RFC 7517 section 5), key by key, so that a bad key does not affect the others.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::jwk::{self, Reading};
use super::key::Key;
use super::left_out::{LeftOut, MAX_LEFT_OUT};
use super::wiped::WipedObject;
use crate::error::ConfigError;

/// A JWK set that was read key by key.
pub(crate) struct Set {
    pub(crate) keys: Vec<Arc<Key>>,
    /// The keys that are left out: at most [`MAX_LEFT_OUT`] of them.
    pub(crate) left_out: Vec<LeftOut>,
}

/// Reads the first `most` keys of a set, and leaves out those that cannot be used.
pub(crate) fn read(json: &str, most: usize, reading: Reading) -> Result<Set, ConfigError> {
    // Some servers begin their text with a byte order mark.
    let json = json.trim_start_matches('\u{feff}');
    let set = WipedObject::parse(json, || not_an_object(json))?;
    let Some(Value::Array(entries)) = set.get("keys") else {
        return Err(not_a_set(&set));
    };

    let mut set = Set {
        keys: Vec::new(),
        left_out: Vec::new(),
    };
    for (index, entry) in entries.iter().enumerate().take(most) {
        let jwk = entry.as_object();
        let key = jwk
            .ok_or(ConfigError::from_static("it is not a JWK"))
            .and_then(|jwk| jwk::read(jwk, reading));
        match key {
            Ok(key) => set.keys.push(Arc::new(key)),
            Err(reason) if set.left_out.len() < MAX_LEFT_OUT => {
                let kid = jwk.and_then(|jwk| jwk.get("kid")).and_then(Value::as_str);
                let mut left_out = LeftOut::new(index, kid, reason);
                left_out.signs_nothing = jwk.is_some_and(|jwk| jwk::signs_nothing(jwk, reading));
                set.left_out.push(left_out);
            }
            Err(_) => {}
        }
    }
    if entries.len() > most {
        let reason = ConfigError::new(format!("there are more than {most} keys"));
        set.left_out.push(LeftOut::new(most, None, reason));
    }
    Ok(set)
}

/// Says what a text is instead, where it is a usual mistake.
fn not_an_object(text: &str) -> ConfigError {
    let text = text.trim_start();
    ConfigError::from_static(if text.starts_with("-----BEGIN") {
        "the text is PEM, not a JWK set. Use KeySet::from_pem, which reads a public key or a \
         certificate"
    } else if text.starts_with('<') {
        "the text is HTML or XML, not a JWK set"
    } else {
        NO_SET
    })
}

fn not_a_set(object: &Map<String, Value>) -> ConfigError {
    let is_certificate = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text.contains("-----BEGIN CERTIFICATE"))
    };
    ConfigError::from_static(if object.contains_key("kty") {
        "the text is one JWK, not a JWK set. Put it into {\"keys\": […]}, or use KeySet::from_jwk"
    } else if object.contains_key("jwks_uri") {
        "the text is an issuer's metadata, not a JWK set. Use its `jwks_uri`, or \
         RemoteJwks::discover with the issuer"
    } else if !object.is_empty() && object.values().all(is_certificate) {
        "the text has an X.509 certificate for each `kid`, and is not a JWK set. Such an issuer \
         has the same keys as a JWK set at another URL: the `jwks_uri` of its metadata"
    } else {
        NO_SET
    })
}

const NO_SET: &str = "the text is not a JWK set: {\"keys\": […]}";

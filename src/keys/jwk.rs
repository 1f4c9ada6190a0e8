//! Reads a JWK and a JWK set (RFC 7517), key by key, so that a bad key does not affect the others.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::algorithm::{Algorithm, Family};
use super::crypto::PublicKey;
use super::key::Key;
use crate::error::ConfigError;
use crate::json::UniqueObject;

/// A JWK set that was read key by key.
pub(crate) struct Set {
    pub(crate) keys: Vec<Arc<Key>>,
    /// The positions of the keys that are left out, and the reasons.
    pub(crate) left_out: Vec<(usize, ConfigError)>,
}

/// Reads the first `most` keys of a set, and leaves out those that cannot be used or that `check`
/// refuses.
pub(crate) fn read_set(
    json: &str,
    most: usize,
    check: impl Fn(&Key) -> Result<(), ConfigError>,
) -> Result<Set, ConfigError> {
    let UniqueObject(set) =
        serde_json::from_str(json).map_err(|_| ConfigError::from_static(NO_SET))?;
    let Some(Value::Array(entries)) = set.get("keys") else {
        return Err(ConfigError::from_static(NO_SET));
    };

    let mut set = Set {
        keys: Vec::new(),
        left_out: Vec::new(),
    };
    if entries.len() > most {
        set.left_out.push((
            most,
            ConfigError::new(format!("there are more than {most} keys")),
        ));
    }
    for (index, entry) in entries.iter().enumerate().take(most) {
        let key = entry
            .as_object()
            .ok_or(ConfigError::from_static(NO_KEY))
            .and_then(read);
        match key.and_then(|key| check(&key).map(|()| key)) {
            Ok(key) => set.keys.push(Arc::new(key)),
            Err(error) => set.left_out.push((index, error)),
        }
    }
    Ok(set)
}

pub(crate) fn read_text(json: &str) -> Result<Key, ConfigError> {
    read(&parse(json)?)
}

/// A key of the type `oct`.
pub(crate) struct Oct {
    pub(crate) kid: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) secret: Zeroizing<Vec<u8>>,
}

pub(crate) fn read_oct(json: &str) -> Result<Oct, ConfigError> {
    let jwk = parse(json)?;
    if jwk.get("kty").and_then(Value::as_str) != Some("oct") {
        return Err(ConfigError::new(
            "a signing key is an oct JWK (HMAC) or a private key in PEM",
        ));
    }
    check_use(&jwk, "sign")?;
    let secret = Zeroizing::new(bytes(&jwk, "k")?);
    Ok(Oct {
        kid: kid(&jwk)?,
        algorithm: algorithm(&jwk, Algorithm::Hs256)?,
        secret,
    })
}

fn parse(json: &str) -> Result<Map<String, Value>, ConfigError> {
    match serde_json::from_str(json) {
        Ok(UniqueObject(jwk)) => Ok(jwk),
        Err(_) => Err(ConfigError::from_static(NO_KEY)),
    }
}

fn read(jwk: &Map<String, Value>) -> Result<Key, ConfigError> {
    check_use(jwk, "verify")?;
    let kid = kid(jwk)?;
    let (default, public) = match (text(jwk, "kty")?, jwk.get("crv").and_then(Value::as_str)) {
        ("oct", _) => {
            let secret = Zeroizing::new(bytes(jwk, "k")?);
            return Key::hmac(kid, algorithm(jwk, Algorithm::Hs256)?, &secret);
        }
        ("RSA", _) => (
            Algorithm::Rs256,
            PublicKey::rsa(&bytes(jwk, "n")?, &bytes(jwk, "e")?)?,
        ),
        ("EC", Some("P-256")) => (Algorithm::Es256, point(jwk, Family::P256)?),
        ("EC", Some("P-384")) => (Algorithm::Es384, point(jwk, Family::P384)?),
        ("OKP", Some("Ed25519")) => (Algorithm::EdDsa, PublicKey::ed25519(&bytes(jwk, "x")?)?),
        _ => {
            return Err(ConfigError::new(
                "the type or the curve of the key is not supported",
            ));
        }
    };
    Key::public(kid, algorithm(jwk, default)?, public)
}

/// Checks `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3).
fn check_use(jwk: &Map<String, Value>, operation: &str) -> Result<(), ConfigError> {
    if jwk.get("use").is_some_and(|usage| usage != "sig") {
        return Err(ConfigError::new("the key is not for signatures (use)"));
    }
    let allows = |operations: &Value| {
        operations
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one == operation))
    };
    if !jwk.get("key_ops").is_none_or(allows) {
        return Err(ConfigError::new(format!(
            "the key may not {operation} (key_ops)"
        )));
    }
    Ok(())
}

fn point(jwk: &Map<String, Value>, curve: Family) -> Result<PublicKey, ConfigError> {
    let (x, y) = (bytes(jwk, "x")?, bytes(jwk, "y")?);
    let point = PublicKey::point(&[&[4], &*x, &*y].concat())?;
    // Both coordinates have the full length (RFC 7518 section 6.2.1.2).
    if x.len() != y.len() || point.family() != curve {
        return Err(ConfigError::new(
            "the coordinates of the key do not have the length of its curve",
        ));
    }
    Ok(point)
}

fn algorithm(jwk: &Map<String, Value>, default: Algorithm) -> Result<Algorithm, ConfigError> {
    if jwk.contains_key("alg") {
        text(jwk, "alg")?.parse()
    } else {
        Ok(default)
    }
}

fn kid(jwk: &Map<String, Value>) -> Result<Option<String>, ConfigError> {
    if jwk.contains_key("kid") {
        text(jwk, "kid").map(|kid| Some(kid.to_owned()))
    } else {
        Ok(None)
    }
}

fn text<'a>(jwk: &'a Map<String, Value>, name: &str) -> Result<&'a str, ConfigError> {
    jwk.get(name).and_then(Value::as_str).ok_or_else(|| {
        ConfigError::new(format!(
            "the member {name} of the key is missing, or is not text"
        ))
    })
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, ConfigError> {
    URL_SAFE_NO_PAD
        .decode(text(jwk, name)?)
        .map_err(|_| ConfigError::new(format!("the member {name} of the key is not base64url")))
}

const NO_SET: &str = "the text is not a JWK set: {\"keys\": […]}";
const NO_KEY: &str = "the text is not a JWK";

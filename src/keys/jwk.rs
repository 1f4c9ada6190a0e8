//! Reads a JWK (RFC 7517): its type, its algorithm and what it may be used for.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::algorithm::{Algorithm, Family, shown_name};
use super::certificate;
use super::crypto::PublicKey;
use super::jwk_members::{bytes, list, member, optional_text, text};
use super::key::Key;
use super::wiped::WipedObject;
use crate::error::ConfigError;

/// How keys are read.
#[derive(Clone, Copy)]
pub(crate) struct Reading {
    /// Whether anyone can read the text, so that secrets and private keys in it are worthless.
    pub(crate) is_published: bool,
    /// The algorithm of RSA keys without `alg`.
    pub(crate) rsa: Algorithm,
}

impl Reading {
    /// Reads what the application itself was given.
    pub(crate) const GIVEN: Self = Self {
        is_published: false,
        rsa: Algorithm::Rs256,
    };
}

pub(crate) fn read_text(json: &str) -> Result<Key, ConfigError> {
    let jwk = parse(json)?;
    read(&jwk, Reading::GIVEN)
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
        algorithm: algorithm(&jwk)?.unwrap_or(Algorithm::Hs256),
        secret,
    })
}

fn parse(json: &str) -> Result<WipedObject, ConfigError> {
    WipedObject::parse(json, || ConfigError::from_static("the text is not a JWK"))
}

pub(crate) fn read(jwk: &Map<String, Value>, reading: Reading) -> Result<Key, ConfigError> {
    check_use(jwk, "verify")?;
    let kid = kid(jwk)?;
    let named = algorithm(jwk)?;
    let kty = text(jwk, "kty")?;
    if reading.is_published {
        check_published(kty, jwk)?;
    }
    if kty == "oct" {
        let secret = Zeroizing::new(bytes(jwk, "k")?);
        return Key::hmac(kid, named.unwrap_or(Algorithm::Hs256), &secret);
    }
    let public = public(kty, jwk)?;
    let assumed = match public.family() {
        Family::P256 => Algorithm::Es256,
        Family::P384 => Algorithm::Es384,
        Family::P521 => Algorithm::Es512,
        Family::Ed25519 => Algorithm::EdDsa,
        Family::Rsa | Family::Hmac => reading.rsa,
    };
    let mut key = Key::public(kid, named.unwrap_or(assumed), public)?;
    key.algorithm_is_assumed = named.is_none();
    key.issuer = optional_text(jwk, "issuer").map(Into::into);
    Ok(key)
}

fn public(kty: &str, jwk: &Map<String, Value>) -> Result<PublicKey, ConfigError> {
    let curve = optional_text(jwk, "crv");
    let own = match kty {
        "RSA" => "n",
        _ => "x",
    };
    if member(jwk, own).is_none()
        && let Some(certificates) = member(jwk, "x5c")
    {
        let public = certificate::read_x5c(certificates)?;
        let family = public.family();
        let fits = match (kty, curve) {
            ("RSA", _) => family == Family::Rsa,
            ("EC", None) => matches!(family, Family::P256 | Family::P384 | Family::P521),
            ("OKP", None) => family == Family::Ed25519,
            (_, Some(curve)) => family_of(kty, curve) == Some(family),
            _ => false,
        };
        return if fits {
            Ok(public)
        } else {
            Err(ConfigError::from_static(
                "the certificate of the key has another type of key (x5c)",
            ))
        };
    }
    if kty == "RSA" {
        return PublicKey::rsa(&bytes(jwk, "n")?, &bytes(jwk, "e")?);
    }
    match curve.and_then(|curve| family_of(kty, curve)) {
        Some(Family::Ed25519) => PublicKey::ed25519(&bytes(jwk, "x")?),
        Some(family) => PublicKey::coordinates(family, &bytes(jwk, "x")?, &bytes(jwk, "y")?),
        None => {
            let kty = shown_name(kty);
            let curve = curve.map_or_else(String::new, |curve| {
                format!(" with the curve{}", shown_name(curve))
            });
            Err(ConfigError::new(format!(
                "the type{kty}{curve} is not supported for signatures"
            )))
        }
    }
}

fn family_of(kty: &str, curve: &str) -> Option<Family> {
    match (kty, curve) {
        ("EC", "P-256") => Some(Family::P256),
        ("EC", "P-384") => Some(Family::P384),
        ("EC", "P-521") => Some(Family::P521),
        ("OKP", "Ed25519") => Some(Family::Ed25519),
        _ => None,
    }
}

/// Refuses what is only worth something while it is secret: anyone could sign with it.
fn check_published(kty: &str, jwk: &Map<String, Value>) -> Result<(), ConfigError> {
    if kty == "oct" {
        return Err(ConfigError::from_static(
            "an HMAC key that is published is not secret",
        ));
    }
    if member(jwk, "d").is_some() {
        return Err(ConfigError::from_static(
            "its private part is published (d), so anyone can sign with it",
        ));
    }
    Ok(())
}

/// Returns whether an issuer signs no token with this key, whatever else is wrong with it.
pub(crate) fn signs_nothing(jwk: &Map<String, Value>, reading: Reading) -> bool {
    let is_published_secret = reading.is_published && optional_text(jwk, "kty") == Some("oct");
    is_published_secret || check_use(jwk, "verify").is_err()
}

/// Checks `use` and `key_ops` (RFC 7517 sections 4.2 and 4.3).
fn check_use(jwk: &Map<String, Value>, operation: &str) -> Result<(), ConfigError> {
    if member(jwk, "use").is_some_and(|usage| usage != "sig") {
        return Err(ConfigError::new("the key is not for signatures (use)"));
    }
    let allows = |operations: &Value| list(operations).any(|one| one == operation);
    if !member(jwk, "key_ops").is_none_or(allows) {
        return Err(ConfigError::new(format!(
            "the key may not {operation} (key_ops)"
        )));
    }
    Ok(())
}

fn algorithm(jwk: &Map<String, Value>) -> Result<Option<Algorithm>, ConfigError> {
    member(jwk, "alg")
        .map(|_| text(jwk, "alg")?.parse())
        .transpose()
}

fn kid(jwk: &Map<String, Value>) -> Result<Option<String>, ConfigError> {
    let kid = member(jwk, "kid").map(|_| text(jwk, "kid"));
    Ok(kid.transpose()?.map(str::to_owned))
}

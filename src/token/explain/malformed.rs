//! Which part of a token cannot be read, and why.

use serde_json::Value;

use crate::base64url;
use crate::token::error::VerifyError;
use crate::token::error_kind::VerifyErrorKind;
use crate::token::json::{Json, Object};

/// Adds to an error that says only that the token is malformed what is wrong with its parts.
pub(super) fn detailed(error: VerifyError, token: &str) -> VerifyError {
    match fault(token) {
        Some(fault) if error.kind() == VerifyErrorKind::Malformed => {
            VerifyError::new(VerifyErrorKind::Malformed, fault)
        }
        _ => error,
    }
}

/// Returns what is wrong with the parts of a token. It repeats nothing from them.
fn fault(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (header, claims, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let checked = check_object(header, check_header)
        .map_err(|why| format!("its header {why}"))
        .and_then(|()| check_object(claims, |_| Ok(())).map_err(|why| format!("its payload {why}")))
        .and_then(|()| match decoded(signature) {
            Ok(_) => Ok(()),
            Err(why) => Err(format!("its signature {why}")),
        });
    checked.err()
}

fn check_header(header: &Object<'_>) -> Result<(), &'static str> {
    let is_text = |name| {
        header
            .get(name)
            .map(|member| matches!(member, Json::Text(_)))
    };
    match (is_text("alg"), is_text("kid")) {
        (Some(true), None | Some(true)) => Ok(()),
        _ => Err("has no alg that is text, or a kid that is not"),
    }
}

fn check_object(
    part: &str,
    check: impl FnOnce(&Object<'_>) -> Result<(), &'static str>,
) -> Result<(), &'static str> {
    let json = decoded(part)?;
    let text = std::str::from_utf8(&json).ok();
    if let Some(object) = text.and_then(Object::parse) {
        return check(&object);
    }
    Err(match serde_json::from_slice(&json) {
        Ok(Value::Object(_)) => "has a name twice, so it is not one document",
        Ok(_) => "is not a JSON object",
        Err(_) => "is not JSON",
    })
}

fn decoded(part: &str) -> Result<Vec<u8>, &'static str> {
    let mut decoded = Vec::new();
    if base64url::append_decoded(part, &mut decoded) {
        Ok(decoded)
    } else {
        Err("is not base64url without padding")
    }
}

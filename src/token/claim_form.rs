//! Reads claims in the forms that RFC 7519 gives them.

use serde_json::{Map, Value};

use super::wire::CNF;
use crate::clock::Timestamp;

/// Reads a NumericDate: seconds, perhaps with a fraction (RFC 7519 section 2). A claim that is not
/// a number comes back.
pub(super) fn moment(claim: Option<&Value>) -> Result<Option<Timestamp>, &Value> {
    let Some(claim) = claim else { return Ok(None) };
    let whole = claim.as_u64().map(Timestamp::from_secs);
    // A cast from a float saturates, so a moment before the epoch counts as the epoch.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let broken = || {
        claim
            .as_f64()
            .map(|secs| Timestamp::from_millis((secs * 1000.0) as u64))
    };
    whole.or_else(broken).map(Some).ok_or(claim)
}

/// Reads text, or a list of texts.
pub(super) fn texts(claim: &Value) -> Option<Vec<&str>> {
    match claim {
        Value::String(text) => Some(vec![text.as_str()]),
        Value::Array(texts) => texts.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// Returns whether a claim says nothing.
pub(super) fn is_absent(claim: &Value) -> bool {
    match claim {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// Returns whether only the holder of a key may use the token (RFC 7800 section 3.1). The key does
/// not matter here, and neither does whether the claim is well formed: a binding that is not
/// understood is not checked.
pub(super) fn is_bound(claims: &Map<String, Value>) -> bool {
    claims.get(CNF).is_some_and(|cnf| !cnf.is_null())
}

//! Reads claims in the forms that RFC 7519 gives them.

use std::slice;

use super::json::{Json, Object};
use super::wire::CNF;
use crate::clock::Timestamp;

/// Reads a NumericDate: seconds, perhaps with a fraction (RFC 7519 section 2). A claim that is not
/// a number comes back.
pub(super) fn moment<'c, 't>(
    claim: Option<&'c Json<'t>>,
) -> Result<Option<Timestamp>, &'c Json<'t>> {
    let Some(claim) = claim else { return Ok(None) };
    let Json::Number(number) = claim else {
        return Err(claim);
    };
    let whole = number.as_u64().map(Timestamp::from_secs);
    // A cast from a float saturates, so a moment before the epoch counts as the epoch.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let broken = || {
        number
            .as_f64()
            .map(|secs| Timestamp::from_millis((secs * 1000.0) as u64))
    };
    whole.or_else(broken).map(Some).ok_or(claim)
}

/// Reads text, or a list of texts.
pub(super) fn texts<'c>(claim: &'c Json<'_>) -> Option<impl Iterator<Item = &'c str> + Clone> {
    let texts = match claim {
        Json::Text(_) => slice::from_ref(claim),
        Json::List(texts) => texts,
        _ => return None,
    };
    let is_text = |claim: &Json<'_>| claim.as_str().is_some();
    texts
        .iter()
        .all(is_text)
        .then(|| texts.iter().filter_map(Json::as_str))
}

/// Returns whether a claim says nothing.
pub(super) fn is_absent(claim: &Json<'_>) -> bool {
    match claim {
        Json::Null => true,
        Json::Text(text) => text.is_empty(),
        Json::List(list) => list.is_empty(),
        _ => false,
    }
}

/// Returns whether only the holder of a key may use the token (RFC 7800 section 3.1). The key does
/// not matter here, and neither does whether the claim is well formed: a binding that is not
/// understood is not checked.
pub(super) fn is_bound(claims: &Object<'_>) -> bool {
    claims.get(CNF).is_some_and(|cnf| !cnf.is_null())
}

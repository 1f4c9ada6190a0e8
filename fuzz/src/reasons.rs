//! Where the verifier and `jsonwebtoken` may differ, and why.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::{Error, ErrorKind};
use serde_json::Value;
use tower_bearer::token::VerifyErrorKind;

/// The header and the payload of a token, as `serde_json` reads them. They are null where they are
/// not JSON.
#[derive(Debug)]
pub(crate) struct Parts {
    header: Part,
    payload: Part,
}

#[derive(Debug)]
struct Part {
    value: Value,
    repeats_a_name: bool,
}

impl Parts {
    pub(crate) fn of(token: &str) -> Self {
        let mut parts = token.split('.').map(Part::of);
        let mut next = || parts.next().unwrap_or_else(|| Part::of(""));
        Self {
            header: next(),
            payload: next(),
        }
    }
}

impl Part {
    fn of(segment: &str) -> Self {
        let bytes = URL_SAFE_NO_PAD.decode(segment).unwrap_or_default();
        let value = serde_json::from_slice(&bytes).unwrap_or_default();
        let repeats_a_name = members(&value) != colons(&bytes);
        Self {
            value,
            repeats_a_name,
        }
    }

    fn has(&self, name: &str) -> bool {
        !self.value[name].is_null()
    }
}

/// Returns whether this reason, which `jsonwebtoken` does not have, is true of the token.
pub(crate) fn may_refuse(kind: VerifyErrorKind, parts: &Parts, token: &str) -> bool {
    let Parts { header, payload } = parts;
    let claim = |name: &str| &payload.value[name];
    match kind {
        // The verifier has a limit.
        VerifyErrorKind::TooLarge => token.len() > 16 * 1024,
        // `jsonwebtoken` takes the last member of a name, or the first, and a `kid` that is null.
        VerifyErrorKind::Malformed => {
            let has_null = header.value.get("kid").is_some_and(Value::is_null);
            header.repeats_a_name || payload.repeats_a_name || has_null
        }
        // `jsonwebtoken` does not look at `typ` (RFC 9068 section 4).
        VerifyErrorKind::WrongType => {
            let typ = header.value["typ"].as_str().unwrap_or_default();
            !["at+jwt", "application/at+jwt"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(typ))
        }
        // `jsonwebtoken` understands `b64`, and takes a `crit` that is null.
        VerifyErrorKind::CriticalExtension => header.value.get("crit").is_some(),
        // The caller of `jsonwebtoken` chooses the key, by the algorithm alone here.
        VerifyErrorKind::UnknownKey => header.value["kid"] != header.value["alg"],
        // `jsonwebtoken` takes a list of issuers.
        VerifyErrorKind::NoIssuer => !claim("iss").is_string(),
        // `jsonwebtoken` does not know `cnf` (RFC 7800).
        VerifyErrorKind::ProofNeeded => payload.has("cnf"),
        // `jsonwebtoken` takes a subject that is empty.
        VerifyErrorKind::NoSubject => claim("sub") == "",
        // `jsonwebtoken` rounds a fraction of a second.
        VerifyErrorKind::Expired => is_now(claim("exp")),
        VerifyErrorKind::NotYetValid => is_now(claim("nbf")),
        _ => false,
    }
}

/// Returns whether `jsonwebtoken` may refuse the token, with this error, for a part that the
/// verifier does not use.
pub(crate) fn may_only_they_refuse(error: &Error, parts: &Parts) -> bool {
    let Parts { header, payload } = parts;
    let (is_json, is_format) = match error.kind() {
        ErrorKind::Json(_) => (true, true),
        ErrorKind::InvalidClaimFormat(_) | ErrorKind::MissingRequiredClaim(_) => (false, true),
        _ => (false, false),
    };
    // It reads members that have no meaning for an access token, and wants each to be well formed.
    let has_member = OTHER_MEMBERS.iter().any(|name| header.has(name));
    // A moment before the epoch or after its last one, and an `nbf` that is null.
    let odd = |name: &str| match payload.value.get(name).map(Value::as_f64) {
        None => false,
        Some(None) => name == "nbf" && payload.value[name].is_null(),
        Some(Some(secs)) => secs < 0.0 || secs >= u64::MAX as f64,
    };
    is_json && has_member || is_format && (odd("nbf") || odd("exp"))
}

fn is_now(moment: &Value) -> bool {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |now| now.as_secs_f64());
    moment.as_f64().is_some_and(|secs| (secs - now).abs() < 3.0)
}

fn members(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        Value::Array(list) => list.iter().map(members).sum(),
        _ => 0,
    }
}

/// Counts the colons outside of texts: one for each member of valid JSON.
fn colons(json: &[u8]) -> usize {
    let (mut colons, mut in_text, mut is_escaped) = (0, false, false);
    for &byte in json {
        match byte {
            b'"' if !is_escaped => in_text = !in_text,
            b':' if !in_text => colons += 1,
            _ => {}
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    colons
}

const OTHER_MEMBERS: [&str; 11] = [
    "cty", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "enc", "zip", "url", "nonce",
];

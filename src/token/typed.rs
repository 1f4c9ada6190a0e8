//! Reads claims as types of the application, or says with [`ClaimError`] why they do not fit.

use std::any::type_name;
use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde_json::{Map, Value};

/// Reads one claim as a `T`. `null` counts as absent.
pub(super) fn read_one<T: DeserializeOwned>(
    name: &str,
    value: &Value,
) -> Result<Option<T>, ClaimError> {
    let wrong_type = |_| ClaimError {
        claim: Some(name.to_owned()),
        is_missing: false,
        expected: type_name::<T>(),
    };
    Option::<T>::deserialize(value).map_err(wrong_type)
}

/// Reads all claims as one `T`.
pub(super) fn read_all<T: DeserializeOwned>(claims: Map<String, Value>) -> Result<T, ClaimError> {
    let claims = Value::Object(claims);
    T::deserialize(&claims).map_err(|error| {
        // The error may show a value, so it is dropped. A second pass finds the claim.
        let missing = missing_field(&error.to_string());
        let is_missing = missing.is_some();
        ClaimError {
            claim: missing.or_else(|| culprit::<T>(&claims)),
            is_missing,
            expected: type_name::<T>(),
        }
    })
}

/// Returns the claim that does not have the type that `T` expects.
fn culprit<T: DeserializeOwned>(claims: &Value) -> Option<String> {
    let current = Cell::new(None);
    let entries = claims.as_object()?.iter().map(|(name, value)| {
        current.set(Some(name));
        (name.as_str(), value)
    });
    // Once all claims have been read, none of them was at fault.
    let end = std::iter::from_fn(|| {
        current.set(None);
        None
    });
    let outcome = T::deserialize(MapDeserializer::<_, serde_json::Error>::new(
        entries.chain(end),
    ));
    outcome.err().and(current.get().cloned())
}

/// Returns the missing field, which `serde` names only in the text of its error.
fn missing_field(error: &str) -> Option<String> {
    let (name, _) = error.strip_prefix("missing field `")?.split_once('`')?;
    Some(name.to_owned())
}

/// A claim of a token does not have the type that the application expects. See
/// [`claim`](crate::AccessTokenClaims::claim) and [`parse`](crate::AccessTokenClaims::parse).
///
/// The error names the claim and the type, and never shows a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimError {
    claim: Option<String>,
    is_missing: bool,
    expected: &'static str,
}

impl ClaimError {
    /// Returns the name of the claim. It is `None` where no single claim is at fault, as with
    /// `#[serde(flatten)]`.
    #[must_use]
    pub fn claim(&self) -> Option<&str> {
        self.claim.as_deref()
    }
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = self.expected;
        match &self.claim {
            Some(claim) if self.is_missing => {
                write!(f, "the claim {claim:?} is missing, which {expected} needs")
            }
            Some(claim) => write!(
                f,
                "the claim {claim:?} does not have the type that was expected ({expected})"
            ),
            None => write!(
                f,
                "the claims do not have the type that was expected ({expected})"
            ),
        }
    }
}

impl std::error::Error for ClaimError {}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Own {
        company: String,
        level: Option<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Flat {
        #[serde(flatten)]
        own: Own,
    }

    fn error_of<T: DeserializeOwned + fmt::Debug>(claims: Value) -> ClaimError {
        let Value::Object(claims) = claims else {
            panic!("an object")
        };
        read_all::<T>(claims).unwrap_err()
    }

    #[test]
    fn an_error_names_the_claim_and_the_type_and_no_value() {
        for (error, claim) in [
            (
                error_of::<Own>(json!({ "company": "hunter2", "level": "hunter2" })),
                Some("level"),
            ),
            (
                error_of::<Own>(
                    json!({ "a": 1, "company": ["hunter2"], "level": 1, "z": "hunter2" }),
                ),
                Some("company"),
            ),
            (
                error_of::<Own>(json!({ "level": 1, "z": "hunter2" })),
                Some("company"),
            ),
            (
                error_of::<Own>(json!({ "company": "acme", "level": 256 })),
                Some("level"),
            ),
            (error_of::<Flat>(json!({ "z": "hunter2" })), Some("company")),
            (
                error_of::<Flat>(json!({ "company": "acme", "level": "hunter2" })),
                None,
            ),
            (
                error_of::<HashMap<String, u8>>(json!({ "a": 1, "b": "hunter2" })),
                Some("b"),
            ),
            (error_of::<u8>(json!({ "a": "hunter2" })), None),
        ] {
            assert_eq!(error.claim(), claim, "{error}");
            let text = format!("{error} {error:?}");
            assert!(!text.contains("hunter2") && !text.contains("256"), "{text}");
        }
    }
}

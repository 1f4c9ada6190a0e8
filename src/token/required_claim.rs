//! [`RequiredClaim`] is a claim that has to have a certain value.

use super::claim_path::ClaimPath;
use super::error::{VerifyError, list, shown_json};
use super::error_kind::VerifyErrorKind;
use super::json::{Json, Object};
use crate::error::ConfigError;

/// A claim, and the values that it may have.
#[derive(Clone, Debug)]
pub(super) struct RequiredClaim {
    path: ClaimPath,
    values: Vec<String>,
}

impl RequiredClaim {
    pub(super) fn new(path: ClaimPath, values: Vec<String>) -> Self {
        Self { path, values }
    }

    /// Checks that a token could pass.
    pub(super) fn check_values(&self) -> Result<(), ConfigError> {
        if self.values.is_empty() {
            return Err(ConfigError::new(format!(
                "`require_claim` has no value for {}, so no token could pass. Name one",
                self.path
            )));
        }
        Ok(())
    }

    pub(super) fn check(&self, claims: &Object<'_>) -> Result<(), VerifyError> {
        let claim = self.path.find(claims);
        let text = claim.and_then(|claim| match claim {
            Json::Text(text) => Some(text.clone().into_owned()),
            Json::True => Some("true".to_owned()),
            Json::False => Some("false".to_owned()),
            Json::Number(number) if !number.is_f64() => Some(number.to_string()),
            _ => None,
        });
        if text.is_some_and(|text| self.values.contains(&text)) {
            return Ok(());
        }
        let got = claim.map_or_else(|| "absent".to_owned(), shown_json);
        let (path, values) = (&self.path, list(self.values.iter().map(String::as_str)));
        Err(VerifyError::new(
            VerifyErrorKind::WrongClaim,
            format!("{path} is {got}, and the verifier accepts {values}"),
        ))
    }
}

//! [`ParsedToken`] is a token that has been parsed once, for all verifiers that look at it.

use serde_json::{Map, Value};

use super::error::VerifyErrorKind;
use super::jws::Jws;
use super::wire::ISS;
use crate::json::UniqueObject;

/// A token that has been parsed once, and not been verified yet.
pub(super) struct ParsedToken<'t> {
    pub(super) jws: Jws<'t>,
    claims: Map<String, Value>,
}

impl<'t> ParsedToken<'t> {
    pub(super) fn parse(token: &'t str) -> Result<Self, VerifyErrorKind> {
        let jws = Jws::parse(token)?;
        let UniqueObject(claims) =
            serde_json::from_slice(&jws.payload()?).map_err(|_| VerifyErrorKind::Malformed)?;
        Ok(Self { jws, claims })
    }

    /// Returns the issuer that it names, which is enough to choose a verifier.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.get(ISS)?.as_str()
    }

    pub(super) fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Takes the claims, once the signature has been checked.
    pub(super) fn take_claims(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.claims)
    }
}

//! [`ParsedToken`]: a token that has been parsed once, for all who look at it.

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

    /// The issuer that it names: enough to choose a verifier.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.claims.get(ISS)?.as_str()
    }

    pub(super) fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Once the signature is good.
    pub(super) fn take_claims(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.claims)
    }
}

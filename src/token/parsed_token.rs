//! [`ParsedToken`] is a token that has been parsed once, for all verifiers that look at it.

use serde_json::{Map, Value};

use super::error::VerifyError;
use super::error_kind::VerifyErrorKind;
use super::jws::{Jws, check_size};
use super::wire::ISS;
use crate::json::UniqueDocument;

/// A token that has been parsed once, and not been verified yet.
pub(super) struct ParsedToken<'t> {
    pub(super) jws: Jws<'t>,
    bytes: usize,
    claims: Map<String, Value>,
}

impl<'t> ParsedToken<'t> {
    /// Parses a token of at most `most` bytes.
    pub(super) fn parse(token: &'t str, most: usize) -> Result<Self, VerifyError> {
        let jws = Jws::parse(token, most)?;
        let UniqueDocument(claims) =
            serde_json::from_slice(&jws.payload()?).map_err(|_| VerifyErrorKind::Malformed)?;
        Ok(Self {
            jws,
            bytes: token.len(),
            claims,
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Checks the size once more, for a verifier that allows less than others.
    pub(super) fn check_size(&self, most: usize) -> Result<(), VerifyError> {
        check_size(self.bytes, most)
    }

    /// Returns the issuer that it names, which is enough to choose a verifier.
    pub(super) fn issuer(&self) -> Result<&str, VerifyError> {
        let issuer = self.claims.get(ISS).and_then(Value::as_str);
        issuer.ok_or(VerifyErrorKind::NoIssuer.into())
    }

    pub(super) fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// Takes the claims, once they have been checked.
    pub(super) fn take_claims(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.claims)
    }
}

/// The most bytes of a token, unless a verifier says otherwise. The tokens of users with hundreds
/// of groups fit; a header above 16 KiB is refused by most servers and proxies.
pub(super) const MAX_TOKEN_BYTES: usize = 16 * 1024;

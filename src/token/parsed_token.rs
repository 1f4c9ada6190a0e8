//! [`ParsedToken`] is a token that has been parsed once, for all verifiers that look at it, and
//! [`BegunToken`] one whose issuer has been read.

use super::error::VerifyError;
use super::error_kind::VerifyErrorKind;
use super::json::{Begun, Json, Object};
use super::jws::{Jws, check_size};
use super::text::TokenText;
use super::wire::ISS;

/// A token whose payload has been read as far as its issuer, which says whose keys may have signed
/// it. So a forged one is not read any further.
pub(super) struct BegunToken<'t> {
    jws: &'t Jws<'t>,
    text: &'t TokenText,
    claims: Begun<'t>,
}

impl<'t> BegunToken<'t> {
    pub(super) fn read(jws: &'t Jws<'t>, text: &'t TokenText) -> Result<Self, VerifyError> {
        let claims = Begun::up_to(ISS, text.decoded()).ok_or(VerifyErrorKind::Malformed)?;
        Ok(Self { jws, text, claims })
    }

    /// Returns the issuer that it names, which is enough to choose a verifier.
    pub(super) fn issuer(&self) -> Result<&str, VerifyError> {
        let issuer = self.claims.member(ISS).and_then(Json::as_str);
        issuer.ok_or(VerifyErrorKind::NoIssuer.into())
    }

    /// Parses the rest of the payload.
    pub(super) fn rest(self) -> Result<ParsedToken<'t>, VerifyError> {
        let claims = self.claims.rest().ok_or(VerifyErrorKind::Malformed)?;
        let (jws, text) = (self.jws, self.text);
        Ok(ParsedToken { jws, text, claims })
    }
}

/// A token that has been parsed once, and not been verified yet.
pub(super) struct ParsedToken<'t> {
    pub(super) jws: &'t Jws<'t>,
    text: &'t TokenText,
    claims: Object<'t>,
}

impl<'t> ParsedToken<'t> {
    /// Parses the payload of a token.
    pub(super) fn parse(jws: &'t Jws<'t>, text: &'t TokenText) -> Result<Self, VerifyError> {
        let claims = Object::parse(text.decoded()).ok_or(VerifyErrorKind::Malformed)?;
        Ok(Self { jws, text, claims })
    }

    pub(super) fn bytes(&self) -> usize {
        self.jws.bytes()
    }

    /// Checks the size once more, for a verifier that allows less than others.
    pub(super) fn check_size(&self, most: usize) -> Result<(), VerifyError> {
        check_size(self.bytes(), most)
    }

    /// Returns the issuer that it names.
    pub(super) fn issuer(&self) -> Result<&str, VerifyError> {
        let issuer = self.claims.get(ISS).and_then(Json::as_str);
        issuer.ok_or(VerifyErrorKind::NoIssuer.into())
    }

    pub(super) fn claims(&self) -> &Object<'t> {
        &self.claims
    }

    /// Returns the JSON of the claims.
    pub(super) fn payload(&self) -> &'t str {
        self.text.decoded()
    }

    /// Estimates what the claims take in memory once they have been asked for. Only a cache wants
    /// to know that.
    pub(super) fn bytes_read(&self) -> usize {
        if self.text.token().is_empty() {
            return 0;
        }
        self.claims.bytes_in_map()
    }
}

/// The most bytes of a token, unless a verifier says otherwise. The tokens of users with hundreds
/// of groups fit; a header above 16 KiB is refused by most servers and proxies.
pub(super) const MAX_TOKEN_BYTES: usize = 16 * 1024;

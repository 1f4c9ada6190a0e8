//! [`Header`] is the header of a JWS (RFC 7515 section 4).

use std::fmt;

use super::error_kind::VerifyErrorKind;
use super::json::{Json, Object};
use super::text::{Part, TokenText};

/// The members of a header that count. A key or a URL in it is never used.
pub(crate) struct Header {
    segment: Box<[u8]>,
    text: TokenText,
    algorithm: Part,
    kid: Option<Part>,
    typ: Option<Part>,
    has_nonce: bool,
}

/// Shows nothing: a header is a part of a token.
impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").finish_non_exhaustive()
    }
}

impl Header {
    /// Reads the first part of a token.
    pub(super) fn parse(segment: &[u8]) -> Result<Self, VerifyErrorKind> {
        let text = TokenText::decode(segment, &[])?;
        let json = text.decoded();
        let header = Object::parse(json).ok_or(VerifyErrorKind::Malformed)?;
        // We understand no extension, and an empty list is not allowed (RFC 7515 section 4.1.11).
        if header.get("crit").is_some() {
            return Err(VerifyErrorKind::CriticalExtension);
        }
        // With any other `b64`, the payload that was signed is not the one that we read. A JWT
        // never has that (RFC 7797 section 7).
        if header.get("b64").is_some_and(|b64| *b64 != Json::True) {
            return Err(VerifyErrorKind::CriticalExtension);
        }
        let text_of = |name, otherwise| match header.get(name) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(Part::of(text, json))),
            Some(_) => Err(otherwise),
        };
        let typ = text_of("typ", VerifyErrorKind::WrongType)?;
        let algorithm = text_of("alg", VerifyErrorKind::Malformed)?;
        let algorithm = algorithm.ok_or(VerifyErrorKind::Malformed)?;
        let kid = text_of("kid", VerifyErrorKind::Malformed)?;
        let has_nonce = matches!(header.get("nonce"), Some(Json::Text(_)));
        Ok(Self {
            algorithm,
            kid,
            typ,
            has_nonce,
            text,
            segment: segment.into(),
        })
    }

    /// Returns the header as it is in the token.
    pub(super) fn segment(&self) -> &[u8] {
        &self.segment
    }

    pub(super) fn algorithm(&self) -> &str {
        self.algorithm.of_text(self.text.decoded())
    }

    pub(super) fn kid(&self) -> Option<&str> {
        self.kid
            .as_ref()
            .map(|kid| kid.of_text(self.text.decoded()))
    }

    pub(super) fn typ(&self) -> Option<&str> {
        self.typ
            .as_ref()
            .map(|typ| typ.of_text(self.text.decoded()))
    }

    /// Returns whether it has a member `nonce`, which RFC 7515 does not know.
    pub(super) fn has_nonce(&self) -> bool {
        self.has_nonce
    }
}

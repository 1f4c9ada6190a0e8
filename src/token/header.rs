//! [`Header`] is the header of a JWS (RFC 7515 section 4).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::error_kind::VerifyErrorKind;
use crate::json::UniqueDocument;

/// The members of a header that count. A key or a URL in it is never used.
pub(crate) struct Header {
    pub(super) algorithm: String,
    pub(super) kid: Option<String>,
    pub(super) typ: Option<String>,
}

impl Header {
    /// Reads the first part of a token.
    pub(super) fn parse(segment: &str) -> Result<Self, VerifyErrorKind> {
        let json = URL_SAFE_NO_PAD
            .decode(segment)
            .map_err(|_| VerifyErrorKind::Malformed)?;
        let UniqueDocument(mut header) =
            serde_json::from_slice(&json).map_err(|_| VerifyErrorKind::Malformed)?;

        // We understand no extension, and an empty list is not allowed (RFC 7515 section 4.1.11).
        if header.contains_key("crit") {
            return Err(VerifyErrorKind::CriticalExtension);
        }
        let mut text = |name, otherwise| match header.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(otherwise),
        };
        let typ = text("typ", VerifyErrorKind::WrongType)?;
        let algorithm =
            text("alg", VerifyErrorKind::Malformed)?.ok_or(VerifyErrorKind::Malformed)?;
        Ok(Self {
            algorithm,
            kid: text("kid", VerifyErrorKind::Malformed)?,
            typ,
        })
    }
}

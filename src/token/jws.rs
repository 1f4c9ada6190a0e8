//! [`Jws`] is a compact JWS (RFC 7515), and checks its signature. It does not look into its
//! payload.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::error::VerifyErrorKind;
use crate::json::UniqueObject;
use crate::keys::{Key, KeySet, OUR_TYP};

/// A token in its three parts. Its signature has not been checked.
pub(crate) struct Jws<'t> {
    header: &'t str,
    payload: &'t str,
    /// What is signed: the first two parts.
    message: &'t str,
    signature: Vec<u8>,
}

impl<'t> Jws<'t> {
    pub(crate) fn parse(token: &'t str) -> Result<Self, VerifyErrorKind> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(VerifyErrorKind::TooLarge);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(VerifyErrorKind::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(VerifyErrorKind::Malformed)?;
        // A third dot, as in a JWE, is not base64url: the payload will be refused.
        let signature = URL_SAFE_NO_PAD
            .decode(signature)
            .map_err(|_| VerifyErrorKind::Malformed)?;
        Ok(Self {
            header,
            payload,
            message,
            signature,
        })
    }

    pub(crate) fn payload(&self) -> Result<Vec<u8>, VerifyErrorKind> {
        URL_SAFE_NO_PAD
            .decode(self.payload)
            .map_err(|_| VerifyErrorKind::Malformed)
    }

    /// Checks that one of `keys` made the signature. `is_wanted` says which `typ` is accepted.
    pub(crate) fn verify(
        &self,
        keys: &KeySet,
        is_wanted: impl Fn(Option<&str>) -> bool,
    ) -> Result<(), VerifyErrorKind> {
        // Our own signer always writes the same header, so that need not be parsed.
        let mut usual = keys.by_usual_header(self.header).peekable();
        if usual.peek().is_some() && is_wanted(Some(OUR_TYP)) {
            return self.demand_signature_by_any(usual);
        }
        let header = Header::parse(self.header)?;
        if !is_wanted(header.typ.as_deref()) {
            return Err(VerifyErrorKind::WrongType);
        }
        let mut candidates = keys
            .candidates(header.kid.as_deref(), &header.algorithm)
            .peekable();
        if candidates.peek().is_none() {
            return Err(VerifyErrorKind::UnknownKey);
        }
        self.demand_signature_by_any(candidates)
    }

    /// Returns whether its `kid` names one of `keys`.
    pub(crate) fn names_one_of(&self, keys: &KeySet) -> bool {
        Header::parse(self.header)
            .is_ok_and(|header| header.kid.is_some_and(|kid| keys.names(&kid)))
    }

    fn demand_signature_by_any<'k>(
        &self,
        mut keys: impl Iterator<Item = &'k Key>,
    ) -> Result<(), VerifyErrorKind> {
        let is_good = keys.any(|key| key.verify(self.message.as_bytes(), &self.signature));
        if is_good {
            Ok(())
        } else {
            Err(VerifyErrorKind::BadSignature)
        }
    }
}

struct Header {
    algorithm: String,
    kid: Option<String>,
    typ: Option<String>,
}

impl Header {
    fn parse(segment: &str) -> Result<Self, VerifyErrorKind> {
        let json = URL_SAFE_NO_PAD
            .decode(segment)
            .map_err(|_| VerifyErrorKind::Malformed)?;
        let UniqueObject(mut header) =
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

pub(crate) const MAX_TOKEN_BYTES: usize = 8 * 1024;

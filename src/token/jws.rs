//! [`Jws`] is a compact JWS (RFC 7515), and checks its signature. It does not look into its
//! payload.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::{VerifyError, shown};
use super::error_kind::VerifyErrorKind;
use super::header::Header;
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
    /// Parses a token of at most `most` bytes. Text of another form is called what it is, whatever
    /// its size.
    pub(crate) fn parse(token: &'t str, most: usize) -> Result<Self, VerifyError> {
        let three = token
            .rsplit_once('.')
            .and_then(|(message, signature)| Some((message, message.split_once('.')?, signature)));
        let Some((message, (header, payload), signature)) = three else {
            return Err(VerifyErrorKind::Opaque.into());
        };
        if payload.contains('.') {
            return Err(match payload.matches('.').count() {
                2 => VerifyErrorKind::Encrypted.into(),
                _ => VerifyErrorKind::Opaque.into(),
            });
        }
        check_size(token.len(), most)?;
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

    pub(crate) fn header(&self) -> Result<Header, VerifyErrorKind> {
        Header::parse(self.header)
    }

    pub(crate) fn payload(&self) -> Result<Vec<u8>, VerifyErrorKind> {
        URL_SAFE_NO_PAD
            .decode(self.payload)
            .map_err(|_| VerifyErrorKind::Malformed)
    }

    /// Checks that one of `keys` made the signature. `check_typ` says which `typ` is accepted, and
    /// its answer is returned. `may_sign` says which keys sign such tokens.
    pub(crate) fn verify<T>(
        &self,
        keys: &KeySet,
        may_sign: impl Fn(&Key) -> bool,
        check_typ: impl Fn(Option<&str>) -> Result<T, VerifyError>,
    ) -> Result<T, VerifyError> {
        // Our own signer always writes the same header, so that need not be parsed.
        let usual = keys.by_usual_header(self.header);
        let mut usual = usual.filter(|key| may_sign(key)).peekable();
        if usual.peek().is_some()
            && let Ok(typ) = check_typ(Some(OUR_TYP))
        {
            self.demand_signature_by_any(usual)?;
            return Ok(typ);
        }
        let header = self.header()?;
        let typ = check_typ(header.typ.as_deref())?;
        self.check_signature(keys, may_sign, &header)?;
        Ok(typ)
    }

    /// Checks that one of the keys that the header may mean made the signature.
    pub(super) fn check_signature(
        &self,
        keys: &KeySet,
        may_sign: impl Fn(&Key) -> bool,
        header: &Header,
    ) -> Result<(), VerifyError> {
        let (kid, algorithm) = (header.kid.as_deref(), &*header.algorithm);
        let candidates = keys.candidates(kid, algorithm);
        let mut candidates = candidates.filter(|key| may_sign(key)).peekable();
        if candidates.peek().is_some() {
            return Ok(self.demand_signature_by_any(candidates)?);
        }
        let kind = match keys.left_out(kid) {
            Some(_) => VerifyErrorKind::KeyLeftOut,
            None => VerifyErrorKind::UnknownKey,
        };
        let why = keys.why_unknown(kid, algorithm).unwrap_or_else(|| {
            let kid = kid.map_or_else(|| "(none)".to_owned(), shown);
            format!(
                "no key with the kid {kid} signs such tokens with {}",
                shown(algorithm)
            )
        });
        Err(VerifyError::new(kind, why))
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

pub(super) fn check_size(bytes: usize, most: usize) -> Result<(), VerifyError> {
    if bytes > most {
        return Err(VerifyError::new(
            VerifyErrorKind::TooLarge,
            format!("it has {bytes} bytes, and `max_token_bytes` is {most}"),
        ));
    }
    Ok(())
}

//! [`Jws`] is a compact JWS (RFC 7515), and checks its signature. It does not look into its
//! payload.

use std::cell::{Cell, OnceCell};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use smallvec::{SmallVec, smallvec};

use super::error::{VerifyError, shown};
use super::error_kind::VerifyErrorKind;
use super::header::Header;
use crate::base64url;
use crate::keys::{Key, KeyGeneration, KeySet, MOST_TRIED, OUR_TYP};

/// The `typ` of a token whose signature is good.
#[derive(Clone, Copy)]
pub(super) enum SignedTyp {
    /// That of our own signer, whose header need not be parsed.
    Usual,
    /// That of the header, which has been parsed.
    InHeader,
}

/// A signature that was checked before the payload was decoded.
#[derive(Clone, Copy)]
pub(super) struct Signed {
    pub(super) typ: SignedTyp,
    /// The generation of the key set that has the signer.
    pub(super) keys: KeyGeneration,
}

/// A token in its three parts. Its signature has not been checked. The parts are bytes: they are
/// known to be text once they have been decoded.
pub(crate) struct Jws<'t> {
    bytes: usize,
    header: &'t [u8],
    payload: &'t [u8],
    /// What is signed: the first two parts.
    message: &'t [u8],
    signature: Signature,
    parsed_header: OnceCell<Result<Arc<Header>, VerifyErrorKind>>,
    /// Whether the header is the one that the last token left.
    has_last_header: Cell<bool>,
    /// The key that made the signature, once that is known, so that it is not checked twice.
    signer: OnceCell<Arc<Key>>,
}

impl<'t> Jws<'t> {
    /// Parses a token of at most `most` bytes. Text of another form is called what it is, whatever
    /// its size.
    pub(crate) fn parse(token: &'t [u8], most: usize) -> Result<Self, VerifyError> {
        let mut dots = memchr::memchr_iter(b'.', token);
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(match memchr::memchr_iter(b'.', token).count() {
                4 => VerifyErrorKind::Encrypted.into(),
                _ => VerifyErrorKind::Opaque.into(),
            });
        };
        check_size(token.len(), most)?;
        Ok(Self {
            bytes: token.len(),
            header: &token[..first],
            payload: &token[first + 1..second],
            message: &token[..second],
            signature: decode(&token[second + 1..])?,
            parsed_header: OnceCell::new(),
            has_last_header: Cell::new(false),
            signer: OnceCell::new(),
        })
    }

    /// Returns the size of the token.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn header(&self) -> Result<&Header, VerifyErrorKind> {
        let parse = || Header::parse(self.header).map(Arc::new);
        match self.parsed_header.get_or_init(parse) {
            Ok(header) => Ok(header),
            Err(kind) => Err(*kind),
        }
    }

    /// Takes a header that was parsed before, if this token has the same one.
    pub(super) fn take_header(&self, last: &ArcSwapOption<Header>) {
        if self.parsed_header.get().is_none()
            && let Some(last) = &*last.load()
            && last.segment() == self.header
        {
            // It was empty just now.
            let is_set = self.parsed_header.set(Ok(Arc::clone(last))).is_ok();
            self.has_last_header.set(is_set);
        }
    }

    /// Leaves the header of a token that has passed to the tokens that come after it, if it was
    /// parsed and is not that of the last token.
    pub(super) fn leave_header(&self, last: &ArcSwapOption<Header>) {
        if let Some(header) = self.new_header() {
            last.store(Some(Arc::clone(header)));
            self.has_last_header.set(true);
        }
    }

    /// Does the same for a token that may not pass, where no other has left its header yet. Until a
    /// token passes, a flood of forged ones costs no more than it does afterwards.
    fn leave_first_header(&self, last: &ArcSwapOption<Header>) {
        if self.new_header().is_some() && last.load().is_none() {
            self.leave_header(last);
        }
    }

    fn new_header(&self) -> Option<&Arc<Header>> {
        let header = self.parsed_header.get()?.as_ref().ok();
        header.filter(|_| !self.has_last_header.get())
    }

    /// Returns the payload in base64url.
    pub(super) fn payload(&self) -> &'t [u8] {
        self.payload
    }

    /// Refuses the token if some of the keys could have signed it, and none of them did. This is
    /// known before its payload is decoded, so that a forged token costs less than a good one.
    ///
    /// `last` is the header of the last token. Our own tokens do not need it. `may_sign` says which
    /// keys sign such tokens.
    ///
    /// Returns the `typ` of a token that one of the keys signed. A token whose `typ` is not
    /// accepted is left to [`verify`](Self::verify), which says so.
    pub(super) fn check_forged(
        &self,
        keys: &KeySet,
        last: &ArcSwapOption<Header>,
        may_sign: impl Fn(&Key) -> bool,
        accepts_typ: impl Fn(Option<&str>) -> bool,
    ) -> Result<Option<SignedTyp>, VerifyError> {
        let usual = keys.by_usual_header(self.header);
        let mut usual = usual.filter(|key| may_sign(key)).peekable();
        if usual.peek().is_some() {
            self.demand_signature_by_any(&mut usual)?;
            return Ok(Some(SignedTyp::Usual));
        }
        self.take_header(last);
        let header = self.header().ok();
        let header = header.filter(|header| accepts_typ(header.typ()));
        let checked = header.and_then(|header| self.check_candidates(keys, &may_sign, header));
        self.leave_first_header(last);
        checked
            .transpose()
            .map(|checked| checked.map(|()| SignedTyp::InHeader))
    }

    /// Returns the `typ` of a token with this signature.
    pub(super) fn typ(&self, signed: SignedTyp) -> Result<Option<&str>, VerifyErrorKind> {
        match signed {
            SignedTyp::Usual => Ok(Some(OUR_TYP)),
            SignedTyp::InHeader => Ok(self.header()?.typ()),
        }
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
            self.demand_signature_by_any(&mut usual)?;
            return Ok(typ);
        }
        let header = self.header()?;
        let typ = check_typ(header.typ())?;
        self.check_signature(keys, &may_sign, header)?;
        Ok(typ)
    }

    /// Checks that one of the keys that the header may mean made the signature.
    pub(super) fn check_signature(
        &self,
        keys: &KeySet,
        may_sign: impl Fn(&Key) -> bool,
        header: &Header,
    ) -> Result<(), VerifyError> {
        if let Some(checked) = self.check_candidates(keys, may_sign, header) {
            return checked;
        }
        let (kid, algorithm) = (header.kid(), header.algorithm());
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

    /// Checks the signature with the keys that the header may mean, if there are any.
    fn check_candidates(
        &self,
        keys: &KeySet,
        may_sign: impl Fn(&Key) -> bool,
        header: &Header,
    ) -> Option<Result<(), VerifyError>> {
        let candidates = keys.candidates(header.kid(), header.algorithm());
        let mut candidates = candidates.filter(|key| may_sign(key)).peekable();
        candidates.peek()?;
        let outcome = self.demand_signature_by_any(&mut candidates);
        Some(outcome.map_err(|kind| match candidates.next() {
            Some(_) => VerifyError::new(kind, UNTRIED),
            None if header.has_nonce() => VerifyError::new(kind, NONCE),
            None => kind.into(),
        }))
    }

    /// Tries a bounded number of keys, so that a forged token costs no more.
    fn demand_signature_by_any<'k>(
        &self,
        keys: &mut impl Iterator<Item = &'k Arc<Key>>,
    ) -> Result<(), VerifyErrorKind> {
        if keys.take(MOST_TRIED).any(|key| self.is_signed_by(key)) {
            Ok(())
        } else {
            Err(VerifyErrorKind::BadSignature)
        }
    }

    fn is_signed_by(&self, key: &Arc<Key>) -> bool {
        let is_known = |signer: &Arc<Key>| Arc::ptr_eq(signer, key);
        if self.signer.get().is_some_and(is_known) {
            return true;
        }
        let is_signer = key.verify(self.message, &self.signature);
        if is_signer {
            // It stays empty if another key made the signature too.
            let _ = self.signer.set(Arc::clone(key));
        }
        is_signer
    }
}

fn decode(segment: &[u8]) -> Result<Signature, VerifyErrorKind> {
    let mut bytes: Signature = smallvec![0; segment.len() * 3 / 4];
    let length = base64url::decode(segment, &mut bytes).ok_or(VerifyErrorKind::Malformed)?;
    bytes.truncate(length);
    Ok(bytes)
}

/// Signatures up to 64 bytes (HMAC, EdDSA, ES256) fit without an allocation.
type Signature = SmallVec<[u8; 64]>;

const UNTRIED: &str = "it may mean more than four keys, and the others were not tried. Let the \
    issuer name the key in its tokens (kid)";

/// Graph signs the hash of the nonce instead of the nonce.
const NONCE: &str = "its header has a nonce, like a token for Microsoft Graph, which only Graph \
    can check. Let the client ask for a scope of this API";

pub(super) fn check_size(bytes: usize, most: usize) -> Result<(), VerifyError> {
    if bytes > most {
        return Err(VerifyError::new(
            VerifyErrorKind::TooLarge,
            format!("it has {bytes} bytes, and `max_token_bytes` is {most}"),
        ));
    }
    Ok(())
}

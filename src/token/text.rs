//! [`TokenText`] is a decoded part of a token, and [`Late`] a value that is made from a piece of it
//! when it is asked for.

use std::sync::OnceLock;

use base64::decoded_len_estimate;
use zeroize::Zeroize;

use super::error_kind::VerifyErrorKind;
use crate::base64url;

/// The header or the payload of a token, and behind it a copy of the whole token where a cache
/// needs one. Both are in one text to save an allocation. The copy is wiped from memory when it is
/// dropped.
#[derive(Default)]
pub(super) struct TokenText {
    text: String,
    /// The number of bytes that were decoded.
    decoded: usize,
}

impl TokenText {
    /// Decodes a segment, and puts `copy` behind it, which may be empty.
    pub(super) fn decode(segment: &[u8], copy: &[u8]) -> Result<Self, VerifyErrorKind> {
        let mut bytes = Vec::with_capacity(decoded_len_estimate(segment.len()) + copy.len());
        if !base64url::append_decoded(segment, &mut bytes) {
            return Err(VerifyErrorKind::Malformed);
        }
        let decoded = bytes.len();
        bytes.extend_from_slice(copy);
        let text = String::from_utf8(bytes).map_err(|error| {
            error.into_bytes().zeroize();
            VerifyErrorKind::Malformed
        })?;
        if !text.is_char_boundary(decoded) {
            return Err(VerifyErrorKind::Malformed);
        }
        Ok(Self { text, decoded })
    }

    pub(super) fn decoded(&self) -> &str {
        &self.text[..self.decoded]
    }

    /// Returns the copy of the token. It is empty where none was made.
    pub(super) fn token(&self) -> &str {
        &self.text[self.decoded..]
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.capacity()
    }
}

/// Takes a decoded text, without a copy of the token.
impl From<String> for TokenText {
    fn from(text: String) -> Self {
        let decoded = text.len();
        Self { text, decoded }
    }
}

impl Drop for TokenText {
    fn drop(&mut self) {
        if !self.token().is_empty() {
            let mut bytes = std::mem::take(&mut self.text).into_bytes();
            bytes[self.decoded..].zeroize();
        }
    }
}

/// A piece of a decoded text.
pub(super) enum Part {
    At {
        start: usize,
        end: usize,
    },
    /// Text that was written with escapes, so that it is not there as it is.
    Own(Box<str>),
}

impl Part {
    /// Returns where `part` is in the text. It is copied only if it is not there.
    pub(super) fn of(part: &str, text: &str) -> Self {
        let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
        let end = start.saturating_add(part.len());
        // What is at these addresses is the part itself.
        if text.get(start..end).is_some() {
            Self::At { start, end }
        } else {
            Self::Own(part.into())
        }
    }

    /// Returns the piece. `text` is the one that it was taken from.
    pub(super) fn of_text<'t>(&'t self, text: &'t str) -> &'t str {
        match self {
            Self::At { start, end } => text.get(*start..*end).unwrap_or_default(),
            Self::Own(own) => own,
        }
    }
}

/// A value that is made from a piece of a text at first use. Most requests need neither the
/// scope nor the id of their token, so the layer does not make them.
pub(super) struct Late<T> {
    part: Part,
    made: OnceLock<T>,
}

impl<T> Late<T> {
    /// Takes a value that is made already.
    pub(super) fn made(value: T) -> Self {
        Self {
            part: Part::Own(Box::default()),
            made: value.into(),
        }
    }

    pub(super) fn get(&self, text: &str, make: impl FnOnce(&str) -> T) -> &T {
        self.made.get_or_init(|| make(self.part.of_text(text)))
    }
}

impl<T> From<Part> for Late<T> {
    fn from(part: Part) -> Self {
        Self {
            part,
            made: OnceLock::new(),
        }
    }
}

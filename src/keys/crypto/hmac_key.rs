//! [`HmacKey`] is an HMAC key of the RustCrypto crates, of which both pads are hashed beforehand.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};

use crate::keys::algorithm::Algorithm;

/// A prepared key. A token costs the hash of its text, and not that of the key's two pads.
pub(crate) enum HmacKey {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl HmacKey {
    pub(crate) fn new(algorithm: Algorithm, secret: &[u8]) -> Self {
        match algorithm {
            Algorithm::Hs384 => Self::Sha384(prepare(secret)),
            Algorithm::Hs512 => Self::Sha512(prepare(secret)),
            _ => Self::Sha256(prepare(secret)),
        }
    }

    /// Checks a tag, in constant time.
    pub(crate) fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        let outcome = match self {
            Self::Sha256(key) => key.clone().chain_update(message).verify_slice(tag),
            Self::Sha384(key) => key.clone().chain_update(message).verify_slice(tag),
            Self::Sha512(key) => key.clone().chain_update(message).verify_slice(tag),
        };
        outcome.is_ok()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256(key) => tag(key, message),
            Self::Sha384(key) => tag(key, message),
            Self::Sha512(key) => tag(key, message),
        }
    }
}

fn prepare<M: KeyInit>(secret: &[u8]) -> M {
    M::new_from_slice(secret).expect("HMAC takes a key of any length")
}

fn tag<M: Mac + Clone>(key: &M, message: &[u8]) -> Vec<u8> {
    let tag = key.clone().chain_update(message).finalize();
    tag.into_bytes().to_vec()
}

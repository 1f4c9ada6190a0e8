//! [`Form`] is how a token was read, which decides whether another layer would read it alike.

use super::typ::AcceptedTyp;
use crate::keys::KeyGeneration;

/// How the token of some claims was read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// Our signer has just made it.
    Signed,
    /// It is a legacy token, in the form of a current one.
    Legacy,
    Verified {
        /// The least that a verifier has to accept for its type.
        needs: AcceptedTyp,
        bytes: usize,
        /// The claims that were read: [`Settings::reading`](super::settings::Settings::reading).
        reading: u64,
        /// Whether only the holder of a key may use the token (`cnf`).
        is_bound: bool,
        /// The number of the keys, one of which made the signature.
        keys: KeyGeneration,
    },
}

impl Form {
    pub(super) fn keys(self) -> Option<KeyGeneration> {
        match self {
            Self::Verified { keys, .. } => Some(keys),
            Self::Signed | Self::Legacy => None,
        }
    }
}

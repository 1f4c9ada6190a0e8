//! Hashes of the values that a store may keep only as a hash, and keys for tags.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Makes a key for tags with HMAC-SHA-256.
pub(crate) fn hmac(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// Ends a tag, and returns its first bytes. It has 32.
pub(crate) fn first_bytes<const N: usize>(mac: Hmac<Sha256>) -> [u8; N] {
    let all = mac.finalize().into_bytes();
    std::array::from_fn(|at| all[at])
}

/// Returns the first half of `SHA-256(label ‖ data)`. Each label has hashes of its own.
pub(crate) fn digest(label: &str, data: impl AsRef<[u8]>) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(
        &Sha256::new()
            .chain_update(label)
            .chain_update(data)
            .finalize()[..16],
    );
    half
}

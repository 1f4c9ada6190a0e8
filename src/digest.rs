//! Hashes of the values that a store may keep only as a hash.

use sha2::{Digest, Sha256};

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

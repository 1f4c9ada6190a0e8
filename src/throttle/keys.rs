//! The keys of the throttle's rows.

use std::array;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::digest::{first_bytes, hmac};
use crate::keys::Secret;
use crate::store::EphemeralKey;

/// Makes the keys of the rows: the first 16 bytes of `HMAC-SHA-256(key, kind ‖ fields)`, each field
/// with its length before it.
///
/// The store never sees a name or an address. Without the secret it is unknown which names share a
/// slot.
#[derive(Clone)]
pub(super) struct RowKeys {
    mac: Hmac<Sha256>,
    slot_bits: u8,
    siege: [EphemeralKey; SHARDS],
}

/// What a row is about. `Slot` says that its key has few bits.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Exact([u8; 4]),
    /// Strangers can make rows of this kind, so there are at most 2 to the power of
    /// `slot_bits` of them.
    Slot([u8; 4]),
}

impl RowKeys {
    /// Derives the key of an application from the current secret. A new secret, and a new name,
    /// start with empty counters.
    pub(super) fn new(secret: &Secret, owner: &str, slot_bits: u8) -> Self {
        let key = secret.derive_for::<32>("throttle key v1", owner).next();
        let mac = hmac(key.as_ref().map_or(&[][..], |key| &key[..]));
        // The numbers of the shards are in their kind, which is not secret: they name no one.
        let siege = array::from_fn(|shard| {
            EphemeralKey::new(*b"thSg", hash(&mac, *b"thSg", &[&shard.to_be_bytes()]))
        });
        Self {
            mac,
            slot_bits,
            siege,
        }
    }

    pub(super) fn row(&self, kind: Kind, fields: &[&[u8]]) -> EphemeralKey {
        match kind {
            Kind::Exact(kind) => EphemeralKey::new(kind, hash(&self.mac, kind, fields)),
            Kind::Slot(kind) => {
                let bits = u32::from_be_bytes(hash(&self.mac, kind, fields));
                let mut slot = [0; 16];
                slot[..4]
                    .copy_from_slice(&(bits >> (32 - u32::from(self.slot_bits))).to_be_bytes());
                EphemeralKey::new(kind, slot)
            }
        }
    }

    /// Returns 8 bytes that say in a value which network or block is meant.
    pub(super) fn tag(&self, kind: [u8; 4], field: &[u8]) -> [u8; 8] {
        hash(&self.mac, kind, &[field])
    }

    /// Returns the rows in which the failures of strangers are counted, all of them, since one row
    /// would be written by every failed login.
    pub(super) fn siege(&self) -> &[EphemeralKey; SHARDS] {
        &self.siege
    }
}

/// Returns the row that says when the subject with this tag called its marks in. A tag is made with
/// the secret of its mark, so the row is found after a new secret too.
pub(super) fn since(tag: [u8; 8]) -> EphemeralKey {
    let mut hash = [0; 16];
    hash[..8].copy_from_slice(&tag);
    EphemeralKey::new(*b"thSi", hash)
}

/// The number of rows that count the failures of strangers.
pub(super) const SHARDS: usize = 16;

fn hash<const N: usize>(mac: &Hmac<Sha256>, kind: [u8; 4], fields: &[&[u8]]) -> [u8; N] {
    let mut mac = mac.clone();
    mac.update(&kind);
    for field in fields {
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field);
    }
    first_bytes(mac)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn keys(secret: &str, slot_bits: u8) -> RowKeys {
        RowKeys::new(&Secret::dangerous_weak(secret), "", slot_bits)
    }

    #[test]
    fn kinds_fields_and_secrets_have_keys_of_their_own() {
        let one = keys("one", 20);
        let exact = Kind::Exact(*b"kind");
        let known = HashSet::from([
            one.row(exact, &[b"ab", b"c"]),
            one.row(exact, &[b"a", b"bc"]),
            one.row(exact, &[b"abc"]),
            one.row(exact, &[b"abc", b""]),
            one.row(Kind::Exact(*b"Kind"), &[b"ab", b"c"]),
            one.row(Kind::Slot(*b"kind"), &[b"ab", b"c"]),
            keys("two", 20).row(exact, &[b"ab", b"c"]),
        ]);
        assert_eq!(known.len(), 7);
        assert_eq!(
            one.row(exact, &[b"abc"]),
            keys("one", 20).row(exact, &[b"abc"])
        );
    }

    #[test]
    fn a_slot_kind_has_no_more_rows_than_its_bits_allow() {
        let few = keys("one", 12);
        let made: HashSet<_> = (0..20_000_u32)
            .map(|name| few.row(Kind::Slot(*b"kind"), &[&name.to_be_bytes()]))
            .collect();
        assert!((4_000..=4_096).contains(&made.len()), "{}", made.len());
        let exact: HashSet<_> = (0..20_000_u32)
            .map(|name| few.row(Kind::Exact(*b"kind"), &[&name.to_be_bytes()]))
            .collect();
        assert_eq!(exact.len(), 20_000);
    }

    #[test]
    fn each_shard_has_a_row() {
        let rows: HashSet<_> = keys("one", 20).siege().iter().copied().collect();
        assert_eq!(rows.len(), SHARDS);
    }
}

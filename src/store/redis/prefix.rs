//! [`KeyPrefix`] is the beginning of the keys in Redis.

use std::fmt;
use std::sync::Arc;

use crate::error::ConfigError;
use crate::names::SessionId;
use crate::store::ephemeral::EphemeralKey;

/// The beginning of all keys of a [`RedisStore`](super::RedisStore), and of its channel. The
/// default is `tb`.
///
/// Applications whose issuer or audience differs may share a prefix: none sees the sessions of
/// another, but each reads the revocations of all. With two prefixes it does not. Each byte of a
/// prefix takes one byte more for each session.
///
/// ```
/// use tower_bearer::store::KeyPrefix;
///
/// # fn main() -> Result<(), tower_bearer::ConfigError> {
/// let prefix = KeyPrefix::new("shop")?;
/// assert!(KeyPrefix::new("{shop}").is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct KeyPrefix(Arc<str>);

impl KeyPrefix {
    /// Makes a prefix of 1 to 16 ASCII letters, digits, `_`, `-`, `:` and `.`.
    ///
    /// # Errors
    ///
    /// The prefix is empty, longer, or has another character. Braces are not allowed because they
    /// decide on which node of a cluster a key is.
    pub fn new(prefix: &str) -> Result<Self, ConfigError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:.".contains(&byte);
        if !(1..=MAX_LENGTH).contains(&prefix.len()) || !prefix.bytes().all(allowed) {
            return Err(ConfigError::from_static(
                "the prefix of the keys in Redis is not valid: it has 1 to 16 ASCII letters, \
                 digits, `_`, `-`, `:` or `.`",
            ));
        }
        Ok(Self(prefix.into()))
    }

    /// Returns the key of a session's row. An id is a hash, so rows are spread over all slots of a
    /// cluster.
    pub(super) fn row(&self, id: &SessionId) -> Vec<u8> {
        [self.0.as_bytes(), b"/", id.as_bytes()].concat()
    }

    /// Returns the key of one of the feeds.
    pub(super) fn feed(&self, feed: usize) -> String {
        format!("{}{{{}}}feed", self.0, SLOTS[feed])
    }

    /// Returns the key of one bucket of the index by subject.
    pub(super) fn index(&self, bucket: u16) -> String {
        format!("{}{{{bucket:04x}}}", self.0)
    }

    /// Returns the key of one of the copies of the secret of the index.
    pub(super) fn index_key(&self, copy: usize) -> String {
        format!("{}{{{}}}index", self.0, SLOTS[copy])
    }

    /// Returns the key of a short-lived thing.
    pub(super) fn ephemeral(&self, key: &EphemeralKey) -> Vec<u8> {
        [self.0.as_bytes(), b"#", key.as_bytes()].concat()
    }

    /// Returns the key of a random value beside one of the feeds. It disappears with the feed when
    /// the database is emptied.
    pub(super) fn history(&self, feed: usize) -> String {
        format!("{}{{{}}}history", self.0, SLOTS[feed])
    }

    /// Returns the key that says that a process looks through one of the feeds.
    pub(super) fn turn(&self, feed: usize) -> String {
        format!("{}{{{}}}turn", self.0, SLOTS[feed])
    }

    /// Returns the channel on which the revocations of one of the feeds are announced in a cluster.
    pub(super) fn shard_channel(&self, feed: usize) -> String {
        format!("{}{{{}}}revoked", self.0, SLOTS[feed])
    }

    /// Returns the channel on which all revocations are announced where there are no shards.
    pub(super) fn channel(&self) -> String {
        format!("{}:revoked", self.0)
    }
}

impl Default for KeyPrefix {
    fn default() -> Self {
        Self("tb".into())
    }
}

impl fmt::Debug for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPrefix({:?})", &*self.0)
    }
}

/// Returns the feed that a session is entered into when it is revoked. Ids are hashes, so any four
/// bits of them will do.
pub(super) fn feed_of(id: &SessionId) -> usize {
    let [first, ..] = id.as_bytes();
    usize::from(first >> 4)
}

/// The number of feeds, among which revocations are spread.
pub(super) const FEEDS: usize = SLOTS.len();
/// What is in braces in the keys of which there are sixteen. Each names a slot in the middle of one
/// sixteenth of all slots, so that each of two to sixteen nodes of a cluster has its share.
const SLOTS: [&str; 16] = [
    "u0", "qp", "dj", "wz", "d2", "pv", "uh", "iy", "ly", "h9", "uv", "q6", "rz", "qn", "dt", "ha",
];
const MAX_LENGTH: usize = 16;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use redis::cluster_routing::Slot;

    use super::*;

    #[test]
    fn a_prefix_that_a_cluster_or_a_pattern_would_read_otherwise_is_refused() {
        for prefix in ["", "{tb}", "tb{", "t b", "tb*", "tü", "a-prefix-of-17-by"] {
            assert!(KeyPrefix::new(prefix).is_err(), "{prefix:?} was taken");
        }
        for prefix in ["t", "tb", "shop:Auth_1.2-3", "a-prefix-of-16-b"] {
            assert!(KeyPrefix::new(prefix).is_ok(), "{prefix:?} was refused");
        }
    }

    #[test]
    fn no_two_kinds_of_keys_are_alike() {
        let prefix = KeyPrefix::default();
        let id = SessionId::from_bytes([0xfe; 16]);
        assert_eq!(prefix.row(&id), [b"tb/".as_slice(), &[0xfe; 16]].concat());
        assert_eq!(prefix.feed(feed_of(&id)), "tb{ha}feed");
        assert_eq!(prefix.history(15), "tb{ha}history");
        assert_eq!(prefix.index_key(15), "tb{ha}index");
        assert_eq!(prefix.shard_channel(15), "tb{ha}revoked");
        assert_eq!(prefix.index(15), "tb{000f}");
        let key = EphemeralKey::new([0xfe; 4], [0xfe; 16]);
        assert_eq!(
            prefix.ephemeral(&key),
            [b"tb#".as_slice(), &[0xfe; 20]].concat()
        );
    }

    #[test]
    fn each_feed_is_in_the_middle_of_its_sixteenth_of_the_slots() {
        let prefix = KeyPrefix::default();
        for feed in 0..FEEDS {
            let middle = 512 + 1024 * feed as u16;
            let near = (middle - 32..middle + 32).filter_map(Slot::new);
            let slot = Slot::for_key(prefix.feed(feed));
            assert!(near.into_iter().any(|near| near == slot), "{slot:?}");
            assert_eq!(Slot::for_key(prefix.history(feed)), slot);
        }
    }

    #[test]
    fn the_index_is_spread_over_all_slots() {
        let prefix = KeyPrefix::default();
        let mut in_slot = HashMap::<_, usize>::new();
        for bucket in 0..16_384 {
            let slot = Slot::for_key(prefix.index(bucket));
            *in_slot.entry(slot).or_default() += 1;
        }
        assert_eq!(in_slot.values().max(), Some(&5));
    }
}

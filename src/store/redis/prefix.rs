//! [`KeyPrefix`] is the beginning of the keys in Redis.

use std::fmt;
use std::sync::Arc;

use crate::error::ConfigError;
use crate::names::SessionId;
use crate::store::ephemeral::EphemeralKey;

/// The beginning of all keys of a [`RedisStore`](super::RedisStore), and of its channel. The
/// default is `tb`.
///
/// Two applications that share a Redis need two prefixes. Each byte of a prefix takes one byte more
/// for each session.
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

    /// Returns the key of a session's row.
    pub(super) fn row(&self, id: &SessionId) -> Vec<u8> {
        let node = [b'{', b"0123456789abcdef"[bucket(id)], b'}'];
        [self.0.as_bytes(), &node, id.as_bytes()].concat()
    }

    /// Returns the key of the feed of one bucket. It is on the node of the bucket's rows, so that
    /// one script can write both.
    pub(super) fn feed(&self, bucket: usize) -> String {
        format!("{}{{{bucket:x}}}feed", self.0)
    }

    /// Returns the key of one bucket of the index by subject.
    pub(super) fn index(&self, bucket: u16) -> String {
        format!("{}{{{bucket:04x}}}", self.0)
    }

    /// Returns the key of the secret of the index.
    pub(super) fn index_key(&self) -> String {
        format!("{}{{index}}", self.0)
    }

    /// Returns the key of a short-lived thing. It is four bytes longer than that of a row.
    pub(super) fn ephemeral(&self, key: &EphemeralKey) -> Vec<u8> {
        let bytes = key.as_bytes();
        let bucket = bytes.iter().fold(0, |all, byte| all ^ byte ^ (byte >> 4)) & 0xf;
        let node = [b'{', b"0123456789abcdef"[usize::from(bucket)], b'}'];
        [self.0.as_bytes(), &node, bytes].concat()
    }

    /// Returns the key of a random value, which disappears when the database is emptied.
    pub(super) fn history(&self) -> String {
        format!("{}:history", self.0)
    }

    /// Returns the channel on which revocations are announced.
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

/// Returns the bucket of a session. Ids are hashes, so any four bits of them will do.
pub(super) fn bucket(id: &SessionId) -> usize {
    let [first, ..] = id.as_bytes();
    usize::from(first >> 4)
}

/// The number of slots of a cluster among which the rows are spread.
pub(super) const BUCKETS: usize = 16;
const MAX_LENGTH: usize = 16;

#[cfg(test)]
mod tests {
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
        assert_eq!(prefix.row(&id), [b"tb{f}".as_slice(), &[0xfe; 16]].concat());
        assert_eq!(prefix.feed(bucket(&id)), "tb{f}feed");
        assert_eq!(prefix.index(15), "tb{000f}");
        assert_eq!(prefix.index_key(), "tb{index}");
        let key = EphemeralKey::new([0xfe; 4], [0xfe; 16]);
        assert_eq!(
            prefix.ephemeral(&key),
            [b"tb{0}".as_slice(), &[0xfe; 20]].concat()
        );
    }
}

//! [`KeyPrefix`], and the keys that begin with it.

use std::fmt;
use std::sync::Arc;

use crate::error::ConfigError;
use crate::names::SessionId;

/// What all keys of a [`RedisStore`](super::RedisStore) begin with, and its channel: `tb` by
/// default.
///
/// Two applications that share a Redis need two. Each byte of it is a byte more a session.
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
    /// 1 to 16 ASCII letters, digits, and `_`, `-`, `:`, `.`.
    ///
    /// # Errors
    ///
    /// It is empty, longer, or has another character. Braces above all: they decide on which node
    /// of a cluster a key lives.
    pub fn new(prefix: &str) -> Result<Self, ConfigError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:.".contains(&byte);
        if !(1..=MAX_LENGTH).contains(&prefix.len()) || !prefix.bytes().all(allowed) {
            return Err(ConfigError::from_static(
                "a key prefix is 1 to 16 ASCII letters, digits, `_`, `-`, `:` or `.`: choose \
                 another for the keys in Redis",
            ));
        }
        Ok(Self(prefix.into()))
    }

    /// The row of a session.
    pub(super) fn row(&self, id: &SessionId) -> Vec<u8> {
        let mut key = format!("{}{{{:x}}}", self.0, bucket(id)).into_bytes();
        key.extend_from_slice(id.as_bytes());
        key
    }

    /// The revocations of the sessions of one bucket: on the node where their rows are, so that one
    /// script writes both.
    pub(super) fn feed(&self, bucket: usize) -> String {
        format!("{}{{{bucket:x}}}feed", self.0)
    }

    /// One bucket of the index by subject.
    pub(super) fn index(&self, bucket: u16) -> String {
        format!("{}{{{bucket:04x}}}", self.0)
    }

    /// A random value that disappears when the database is emptied.
    pub(super) fn history(&self) -> String {
        format!("{}:history", self.0)
    }

    /// Where revocations are announced.
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

/// Ids are hashes: any four bits of them are as good as any others.
pub(super) fn bucket(id: &SessionId) -> usize {
    let [first, ..] = id.as_bytes();
    usize::from(first >> 4)
}

/// Into how many slots of a cluster the rows go.
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
    }
}

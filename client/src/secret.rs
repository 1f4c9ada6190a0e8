//! [`Secret`]: a text that no `Debug` shows, and that is wiped.

use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use http::header::InvalidHeaderValue;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// A token, a key or a device mark.
///
/// There is no `PartialEq`, except as [`Secret::is`] for values that this client holds itself.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// 128 random bits, in hexadecimal.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut random = [0; 16];
        getrandom::fill(&mut random)?;
        Ok(Self::new(format!("{:032x}", u128::from_ne_bytes(random))))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are the same. Both sides are this device's own, so the time of the comparison
    /// tells a stranger nothing.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// The secret after `before`, as a header. The value is sensitive: it stays out of `Debug`, and
    /// out of the table with which HTTP/2 compresses headers. It is wiped with its last clone.
    pub(crate) fn header(&self, before: &str) -> Result<HeaderValue, InvalidHeaderValue> {
        let mut value = Zeroizing::new(Vec::with_capacity(before.len() + self.0.len()));
        value.extend_from_slice(before.as_bytes());
        value.extend_from_slice(self.0.as_bytes());
        let mut value = HeaderValue::from_maybe_shared(Bytes::from_owner(value))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

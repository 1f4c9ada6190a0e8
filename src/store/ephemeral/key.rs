//! [`EphemeralKey`] is the name of a short-lived thing in a store.

use std::fmt;

/// Names a counter or a value: a kind (4 bytes) and a keyed hash (16 bytes).
///
/// The hash is made with a secret of the application. So a store never sees a name or an address,
/// a stranger cannot aim at the entry of another user, and applications with different secrets
/// never meet in one store. Keys of two kinds never meet either. A kind has either counters or
/// values.
///
/// ```
/// use tower_bearer::store::EphemeralKey;
///
/// let key = EphemeralKey::new(*b"vote", [7; 16]);
/// assert_eq!(key.as_bytes()[..4], *b"vote");
/// assert_ne!(key, EphemeralKey::new(*b"note", [7; 16]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EphemeralKey([u8; Self::LENGTH]);

impl EphemeralKey {
    /// The number of bytes.
    pub const LENGTH: usize = 20;

    /// Makes a key. `hash` is a part of an HMAC with a secret of the application.
    #[must_use]
    pub fn new(kind: [u8; 4], hash: [u8; 16]) -> Self {
        let mut bytes = [0; Self::LENGTH];
        bytes[..4].copy_from_slice(&kind);
        bytes[4..].copy_from_slice(&hash);
        Self(bytes)
    }

    /// Returns the bytes under which a store keeps the entry: the kind, and then the hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

/// Shows the kind, and leaves out the hash.
impl fmt::Debug for EphemeralKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EphemeralKey({}…)", self.0[..4].escape_ascii())
    }
}

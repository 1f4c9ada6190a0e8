//! [`SessionKind`]: what a session is for.

use std::fmt;

/// What a session is for. Today every session is a login; later versions may keep other kinds in
/// the same rows.
///
/// A store keeps the number, whatever it is, and gives it back: a row that a later version wrote
/// survives.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKind(u8);

impl SessionKind {
    /// A user has logged in. The number is 0.
    pub const LOGIN: Self = Self(0);

    /// For stores: the kind with this number.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        Self(number)
    }

    /// For stores: the number to keep.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A login.
impl Default for SessionKind {
    fn default() -> Self {
        Self::LOGIN
    }
}

impl fmt::Debug for SessionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LOGIN => f.write_str("LOGIN"),
            Self(number) => write!(f, "SessionKind({number})"),
        }
    }
}

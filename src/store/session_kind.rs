//! [`SessionKind`] says what a session is for.

use std::fmt;

/// What a session is for. Today every session is a login. Later versions may keep other kinds in
/// the same rows.
///
/// A store keeps the number, whatever it is, and returns it, so that rows of a later version
/// survive.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKind(u8);

impl SessionKind {
    /// The session of a user who has logged in. The number is 0.
    pub const LOGIN: Self = Self(0);

    /// Makes the kind with this number. It is for stores.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        Self(number)
    }

    /// Returns the number to keep. It is for stores.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// The default is a login.
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

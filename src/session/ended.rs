//! [`Ended`] is the result of a logout.

/// The result of a logout: how many sessions it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended(u64);

impl Ended {
    pub(super) fn sessions(count: u64) -> Self {
        Self(count)
    }

    /// Returns whether a session was ended. It is `false` if the session is unknown, or had ended
    /// before.
    #[must_use]
    pub fn any(self) -> bool {
        self.0 > 0
    }

    /// Returns how many sessions were ended.
    #[must_use]
    pub fn count(self) -> u64 {
        self.0
    }
}

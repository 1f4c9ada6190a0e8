//! [`Ended`]: what a logout did.

/// What a logout did: how many sessions it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended(u64);

impl Ended {
    pub(super) fn sessions(count: u64) -> Self {
        Self(count)
    }

    /// Whether a session was ended. It was not if it is unknown, or had ended before.
    #[must_use]
    pub fn any(self) -> bool {
        self.0 > 0
    }

    /// How many sessions were ended.
    #[must_use]
    pub fn count(self) -> u64 {
        self.0
    }
}

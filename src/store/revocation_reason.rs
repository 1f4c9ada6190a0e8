//! [`RevocationReason`] and [`RevocationRecord`] say why and when a session was revoked.

use crate::clock::Timestamp;

/// The reason and the time of a revocation. [`revoke`](super::SessionStore::revoke) takes it, and
/// the row keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RevocationRecord {
    /// The reason.
    pub reason: RevocationReason,
    /// The time, by the clock of the process that revoked the session.
    pub at: Timestamp,
}

impl RevocationRecord {
    /// Makes a record with this reason and this time.
    #[must_use]
    pub const fn new(reason: RevocationReason, at: Timestamp) -> Self {
        Self { reason, at }
    }
}

/// The reason for which a session was revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationReason {
    /// The user logged out.
    LoggedOut,
    /// All sessions of the user were ended: by the user, by an administrator, or because the
    /// password changed.
    Everywhere,
    /// A refresh token was used again after it had been replaced, so there is a copy of it.
    Reused,
    /// The application no longer grants anything to the user, or the user's credentials changed.
    UserGone,
    /// A new login replaced this one.
    Replaced,
    /// Its login did not succeed, or its client hung up, so no client has a token of it.
    Unanswered,
    /// There is another reason: one that only a later version knows, or one that was lost when the
    /// store was set back.
    Other,
}

impl RevocationReason {
    /// Makes a record with this reason and this time. It is short for [`RevocationRecord::new`].
    #[must_use]
    pub const fn at(self, at: Timestamp) -> RevocationRecord {
        RevocationRecord::new(self, at)
    }

    /// Returns a stable word, for stores.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Everywhere => "everywhere",
            Self::Reused => "reused",
            Self::UserGone => "user_gone",
            Self::Replaced => "replaced",
            Self::Unanswered => "unanswered",
            Self::Other => "other",
        }
    }
}

/// Reads the word of a store. A word that this version does not know becomes
/// [`Other`](RevocationReason::Other), so that the session stays revoked.
impl From<&str> for RevocationReason {
    fn from(word: &str) -> Self {
        let known = Self::KNOWN.into_iter();
        let mut found = known.filter(|reason| reason.as_str() == word);
        found.next().unwrap_or(Self::Other)
    }
}

impl RevocationReason {
    /// All reasons except [`Other`](Self::Other).
    pub(crate) const KNOWN: [Self; 6] = [
        Self::LoggedOut,
        Self::Everywhere,
        Self::Reused,
        Self::UserGone,
        Self::Replaced,
        Self::Unanswered,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_a_later_version_wrote_is_a_reason() {
        assert_eq!(
            RevocationReason::from(RevocationReason::Reused.as_str()),
            RevocationReason::Reused
        );
        assert_eq!(
            RevocationReason::from("by_moonlight"),
            RevocationReason::Other
        );
    }
}

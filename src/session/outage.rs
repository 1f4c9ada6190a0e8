//! [`StoreOutage`]: what a process does that cannot ask its store.

use std::time::Duration;

/// What becomes of access tokens while this process cannot ask the store which sessions were
/// revoked.
///
/// It is asked every second. The first answer is waited for in both cases: a process that has never
/// heard of a revocation lets nobody in. Logins, refreshes and logouts need the store in any case,
/// and answer 503 without it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreOutage {
    /// After 30 seconds without an answer access tokens are refused with 503, until the store
    /// answers again. Thirty, because a failover of the database takes a moment, and this
    /// should not make it an outage of everything.
    ///
    /// The default: a logout that another process has acknowledged holds here too, 30 seconds later
    /// at the latest.
    #[default]
    RefuseTokens,
    /// Access tokens go on being accepted, for as long as the outage lasts: verified, unexpired,
    /// and not revoked as far as this process knows.
    ///
    /// For applications that prefer to go on: a user who was logged out elsewhere during the outage
    /// is let in here, until their access token expires.
    AcceptTokens,
}

impl StoreOutage {
    pub(super) fn max_lag(self) -> Option<Duration> {
        match self {
            Self::RefuseTokens => Some(MAX_LAG),
            Self::AcceptTokens => None,
        }
    }
}

const MAX_LAG: Duration = Duration::from_secs(30);

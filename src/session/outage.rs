//! [`StoreOutage`] says what a process does while it cannot ask its store.

use std::time::Duration;

/// What happens to access tokens while this process cannot ask the store which sessions were
/// revoked.
///
/// The store is asked every second, or more rarely by a process without requests
/// ([`IdlePulls`](super::IdlePulls)). Both settings wait for its first answer: before that, this
/// process does not know which sessions were revoked, and accepts no access token. Logins,
/// refreshes and logouts always need the store, and answer 503 without it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreOutage {
    /// Refuses access tokens with 503 after 30 seconds without an answer, until the store answers
    /// again. It is 30 seconds because a failover of the database takes a moment, and should not
    /// become an outage of everything.
    ///
    /// This is the default: a logout that another process has acknowledged counts here too, at the
    /// latest 30 seconds later, as long as both ask the same store. An old primary that still
    /// answers after a failover is another one: see `docs/stores.md` about Sentinel.
    #[default]
    RefuseTokens,
    /// Goes on accepting access tokens for as long as the outage lasts. They have to be verified,
    /// unexpired, and not revoked as far as this process knows.
    ///
    /// It is for applications that prefer to go on: a user who was logged out on another process
    /// during the outage is accepted here, until their access token expires.
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

//! [`StoreOutage`]: what a process does that cannot ask its store, and the numbers that show it.

use std::time::Duration;

use super::authenticate::Authenticate;
use super::sessions::Sessions;

/// What becomes of access tokens while this process cannot ask the store which sessions were revoked.
///
/// It is asked every second. The first answer is waited for in both cases: a process that has never heard of a revocation lets nobody in.
/// Logins, refreshes and logouts need the store in any case, and answer 503 without it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreOutage {
    /// After 30 seconds without an answer access tokens are refused with 503, until the store answers again. Thirty, because a failover of
    /// the database takes a moment, and this should not make it an outage of everything.
    ///
    /// The default: a logout that another process has acknowledged holds here too, 30 seconds later at the latest.
    #[default]
    RefuseTokens,
    /// Access tokens go on being accepted, for as long as the outage lasts: verified, unexpired, and not revoked as far as this process
    /// knows.
    ///
    /// For applications that had rather go on than be safe: whoever was logged out elsewhere during the outage is let in here, until his
    /// access token expires.
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

impl<A: Authenticate> Sessions<A> {
    /// What becomes of access tokens while the store cannot be asked: [`StoreOutage::RefuseTokens`] unless it is set.
    ///
    /// It holds for the [layers](Self::layer) that are made afterwards.
    #[must_use]
    pub fn with_store_outage(mut self, outage: StoreOutage) -> Self {
        self.outage = outage;
        self
    }

    /// How old the knowledge of this process is: the time since the last pull of revocations began that succeeded. `None`: there was none.
    ///
    /// Between nothing and about a second where all is well, once the process has verified a token or handed one out. Worth an alarm above ten
    /// seconds: see [`StoreOutage`].
    #[must_use]
    pub fn revocation_lag(&self) -> Option<Duration> {
        self.sync.revocations().lag()
    }

    /// By how many milliseconds the store's clock is ahead of this process's; negative, if it is behind. `None`: the store was not asked yet,
    /// or it is on this machine and has no clock of its own.
    ///
    /// It is off by up to half of what the question took. Above five seconds there is a warning in the log. What the clocks differ by is lost from
    /// the [overlap](crate::SessionPolicy::with_overlap), so keep them in step (NTP).
    #[must_use]
    pub fn store_clock_offset(&self) -> Option<i64> {
        self.sync.feed().clock_offset()
    }
}

const MAX_LAG: Duration = Duration::from_secs(30);

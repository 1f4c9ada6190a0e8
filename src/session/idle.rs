//! [`IdlePulls`] says how often a process without requests asks its store.

use std::time::Duration;

use crate::error::ConfigError;

/// How often a process asks the store for revocations while it serves no requests.
///
/// A process that serves requests asks once a second. Ten seconds after the last request it becomes
/// idle, and asks every 15 seconds by default. The first request after that waits until the store
/// has answered once, so it hears of every logout. If the store does not answer, the request is
/// accepted or refused as [`StoreOutage`](super::StoreOutage) says, by the last answer before. An
/// [`AccessTokenWatch`](crate::bearer::AccessTokenWatch) counts as a request for as long as it
/// lives. A probe that calls [`Sessions::ready`](crate::Sessions::ready) counts as a request too: a
/// process that is probed more often than [`after`](Self::after) says is never idle.
///
/// The first request of a process that its platform froze for more than three seconds waits for the
/// store in the same way; if a pull was under way, for more than eleven. A virtual machine that is
/// suspended with its monotonic clock does not notice: its first pull comes within a second.
///
/// For a store that is billed by the command, and a database that sleeps while no process asks it:
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::session::IdlePulls;
///
/// let pulls = IdlePulls::never().after(Duration::from_secs(60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdlePulls {
    pub(super) every: Option<Duration>,
    pub(super) after: Duration,
}

impl IdlePulls {
    /// Asks once in this time, which is at least a second. Announcements still arrive.
    #[must_use]
    pub const fn every(interval: Duration) -> Self {
        Self {
            every: Some(interval),
            after: AFTER,
        }
    }

    /// Asks nothing, listens to nothing, and deletes nothing. The connections that the store has
    /// opened for this are closed; those of the application's pool are the application's.
    #[must_use]
    pub const fn never() -> Self {
        Self {
            every: None,
            after: AFTER,
        }
    }

    /// Sets how long after the last request the process is idle: ten seconds by default.
    #[must_use]
    pub const fn after(mut self, last_request: Duration) -> Self {
        self.after = last_request;
        self
    }

    /// # Errors
    ///
    /// The interval is below a second.
    pub(super) fn check(self) -> Result<(), ConfigError> {
        if self.every.is_some_and(|every| every < PULL_EVERY) {
            return Err(ConfigError::from_static(
                "`IdlePulls::every` is below a second, which is how often a process that serves \
                 requests asks",
            ));
        }
        Ok(())
    }
}

impl Default for IdlePulls {
    fn default() -> Self {
        Self::every(Duration::from_secs(15))
    }
}

/// The longest time that a logout takes to reach a process that serves requests, if it is not
/// announced.
pub(super) const PULL_EVERY: Duration = Duration::from_secs(1);
const AFTER: Duration = Duration::from_secs(10);

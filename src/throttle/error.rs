//! Why an attempt was not let through.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::limits::retry_after;
use crate::store::StoreError;

/// An attempt was refused before the password was looked at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AttemptError {
    /// There were too many attempts: status 429.
    Throttled(Throttled),
    /// The store failed, so it is unknown how many there were: status 503. It is never a pass.
    Store(StoreError),
}

/// There were too many attempts.
///
/// The response must be the same for every counter, and for names that no account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttled {
    pub(super) wait: Duration,
    pub(super) by: ThrottledBy,
    pub(super) name_tag: NameTag,
}

/// Identifies a name that was typed, for logs that must not have the name: users type passwords
/// there by mistake.
///
/// It is a keyed hash, written as 16 hexadecimal digits. Names that are counted as one have the
/// same tag, in all processes, until the secret changes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameTag(pub(super) [u8; 8]);

/// The counter that refused. It is for logs, and not for the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThrottledBy {
    /// The guesses of this network at this name.
    Pair,
    /// The guesses of this network or of its block at any name.
    Network,
    /// The guesses at this name from the block of a familiar network.
    Home,
    /// Many networks guess at many accounts, and this one has not waited.
    Siege,
    /// The guesses of all strangers at this name.
    Open,
    /// The one guess a week that a provider has where strangers have used up the name.
    Spent,
    /// The guesses at this name of strangers that have waited.
    Back,
    /// Another attempt was charged in between.
    Race,
}

impl ThrottledBy {
    /// Returns a stable word for metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pair => "pair",
            Self::Network => "network",
            Self::Home => "home",
            Self::Siege => "siege",
            Self::Open => "open",
            Self::Spent => "spent",
            Self::Back => "back",
            Self::Race => "race",
        }
    }
}

impl Throttled {
    /// Returns the whole seconds of `Retry-After` (RFC 9110 section 10.2.3), rounded up.
    #[must_use]
    pub fn retry_after(&self) -> Duration {
        retry_after(self.wait)
    }

    /// Returns which counter refused.
    #[must_use]
    pub fn by(&self) -> ThrottledBy {
        self.by
    }

    /// Returns the tag of the name that was typed.
    #[must_use]
    pub fn name_tag(&self) -> NameTag {
        self.name_tag
    }
}

impl fmt::Display for NameTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for NameTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<StoreError> for AttemptError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for Throttled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "too many attempts: retry after {} seconds",
            self.retry_after().as_secs()
        )
    }
}

impl fmt::Display for AttemptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttled(throttled) => throttled.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl Error for Throttled {}

impl Error for AttemptError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Throttled(_) => None,
            Self::Store(error) => error.source(),
        }
    }
}

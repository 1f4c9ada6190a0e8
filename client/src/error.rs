//! [`ClientError`]: what a caller has to know.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use tower_bearer::BoxError;

/// Why there is no answer. Nothing in it comes from a token.
#[derive(Clone, Debug)]
pub(crate) enum ClientError {
    /// No user is logged in any more, or the password was refused: ask the user.
    LogInAgain { reason: String },
    /// No new tokens can be had now. Those that are held stay: try again later.
    Unavailable(Cause),
    /// The request itself did not get through.
    Request(Cause),
}

/// All who waited for one refresh get the same cause.
pub(crate) type Cause = Arc<dyn Error + Send + Sync>;

impl ClientError {
    pub(super) fn log_in_again(reason: impl Into<String>) -> Self {
        Self::LogInAgain {
            reason: reason.into(),
        }
    }

    pub(super) fn unavailable(cause: impl Into<BoxError>) -> Self {
        Self::Unavailable(Arc::from(cause.into()))
    }

    pub(super) fn request(cause: impl Into<BoxError>) -> Self {
        Self::Request(Arc::from(cause.into()))
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LogInAgain { reason } => write!(f, "log in again: {reason}"),
            Self::Unavailable(_) => f.write_str("no tokens can be had now, try again later"),
            Self::Request(_) => f.write_str("the request did not get through"),
        }
    }
}

impl Error for ClientError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::LogInAgain { .. } => None,
            Self::Unavailable(cause) | Self::Request(cause) => Some(&**cause),
        }
    }
}

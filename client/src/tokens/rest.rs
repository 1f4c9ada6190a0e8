//! [`Rest`]: the pause after a refresh that failed.

use std::time::Duration;

use crate::ClientError;

/// There is no further attempt for a while, and callers that come meanwhile hear the same: if each
/// of them tried, that would take minutes.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) failure: ClientError,
    /// By the monotonic clock.
    pub(super) until: Duration,
    /// The server has asked for it.
    pub(super) is_named: bool,
}

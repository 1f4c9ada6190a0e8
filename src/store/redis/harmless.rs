//! Failures that do not fail a call.

use crate::error::BoxError;
use crate::shown::ShownCause;

/// Notes that other processes were not told of a revocation, or what was not done for the index.
/// Every process pulls anyway, and a member that stays names no row. A member that is missing after
/// a failover has lost it stays so: a logout everywhere then misses its session.
pub(super) fn note<E: Into<BoxError>>(done: Result<(), E>, what: &str) {
    if let Err(error) = done {
        tracing::debug!(cause = %ShownCause(&*error.into()), "{what}");
    }
}

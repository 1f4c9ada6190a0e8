//! The longest that a call of `Sessions` waits.

use std::future::Future;

use super::error::SessionError;
use crate::limits::{REFRESH_DEADLINE, within};

/// The longest that a call waits for the store and the application. For what hands out tokens a revocation is kept that much longer.
pub(super) async fn within_deadline<T>(work: impl Future<Output = Result<T, SessionError>>) -> Result<T, SessionError> {
    within(REFRESH_DEADLINE, work).await.unwrap_or_else(|_| Err(SessionError::unavailable("it took too long")))
}

//! [`within`]: a limit on how long something may take.

use std::future::Future;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// Gives up after `limit`. Without a runtime there is no timer to ask, and no limit.
pub(crate) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Elapsed> {
    if Handle::try_current().is_err() {
        return Ok(work.await);
    }
    timeout(limit, work).await
}

/// How long one document of an issuer may take.
#[cfg(feature = "jwks")]
pub(crate) const FETCH_DEADLINE: Duration = Duration::from_secs(5);

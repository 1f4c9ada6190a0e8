//! Numbers that say how far this process and its store differ, in revocations and in clocks.

use std::time::Duration;

use super::error::SessionError;
use super::sessions::Sessions;
use crate::revocation::ensure_started;

impl Sessions {
    /// Returns whether this process can check access tokens now: for the readiness probe of a
    /// process that had no request yet. It starts the background tasks, and loads the revocations
    /// if they are not current.
    ///
    /// It counts as a request, so a process that is probed more often than
    /// [`IdlePulls::after`](crate::session::IdlePulls::after) says is never idle. It waits for the
    /// store for up to 9.5 seconds. A probe of Kubernetes waits for one second by default: set its
    /// `timeoutSeconds` to 10, or put a shorter timeout around this call.
    ///
    /// ```
    /// use axum::Router;
    /// use axum::http::StatusCode;
    /// use axum::routing::get;
    ///
    /// # fn app(sessions: tower_bearer::Sessions) -> Router {
    /// let ready = async move || match sessions.ready().await {
    ///     Ok(()) => StatusCode::OK,
    ///     Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    /// };
    /// Router::new().route("/ready", get(ready))
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Unavailable`: the store failed, and access tokens are refused. After the first success they
    /// are accepted for as long as [`StoreOutage`](crate::session::StoreOutage) says.
    pub async fn ready(&self) -> Result<(), SessionError> {
        ensure_started(self.sync());
        self.load_revocations().await
    }

    /// Returns the time since the start of the last successful pull of revocations, or `None`
    /// before the first.
    ///
    /// It is normally below about one second while the process serves requests, and below 15
    /// seconds while it is idle, or as [`IdlePulls`](crate::session::IdlePulls) say. Raise an alarm
    /// above 25 seconds: see [`StoreOutage`](crate::session::StoreOutage).
    #[must_use]
    pub fn revocation_lag(&self) -> Option<Duration> {
        self.sync().revocations().lag()
    }

    /// Returns by how many milliseconds the store's clock is ahead of that of this process. It is
    /// negative if the store's clock is behind, and `None` if the store was not asked yet, or is on
    /// this machine and has no clock of its own.
    ///
    /// The number is exact to half the time that the question took. A difference above five seconds
    /// is logged as a warning. The difference reduces the
    /// [overlap](crate::SessionPolicy::with_overlap), so keep the clocks in step (NTP).
    #[must_use]
    pub fn store_clock_offset(&self) -> Option<i64> {
        self.sync().feed().clock_offset()
    }
}

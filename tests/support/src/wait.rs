//! Waits for what has to come.

use std::time::{Duration, Instant};

/// The time that a busy machine may need for anything that takes a second.
pub const LIMIT: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// Returns how long it took.
pub async fn until(what: &str, limit: Duration, holds: impl AsyncFn() -> bool) -> Duration {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    started.elapsed()
}

//! [`Lately`] remembers for a while that something was seen.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

/// When something was seen last. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Lately(Arc<ArcSwapOption<Instant>>);

impl Lately {
    pub(super) fn note(&self) {
        self.0.store(Some(Arc::new(Instant::now())));
    }

    pub(super) fn was_within(&self, time: Duration) -> bool {
        let seen = self.0.load();
        seen.as_ref().is_some_and(|at| at.elapsed() < time)
    }
}

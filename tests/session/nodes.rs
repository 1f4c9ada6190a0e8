//! Processes of one application, over one store that may fail.

use support::{FailingStore, process};
use tower_bearer::test_util::TestTokens;
use tower_bearer::{MemoryStore, Secret, Sessions};

/// The parts that the processes share.
pub(crate) struct Nodes {
    pub(crate) tokens: TestTokens,
    secret: Secret,
    pub(crate) store: FailingStore,
}

impl Nodes {
    pub(crate) fn new() -> Self {
        Self {
            tokens: TestTokens::new(),
            secret: Secret::random().unwrap(),
            store: FailingStore::new(MemoryStore::new()),
        }
    }

    /// One more process.
    pub(crate) fn node(&self) -> Sessions {
        process(&self.tokens, &self.secret, self.store.clone())
    }
}

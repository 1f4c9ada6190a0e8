//! [`NewerKeys`] are keys with which a token that was refused may be valid.

use super::key_source::{AskReason, KeySource, KeysFuture};

/// A source of newer keys, and why they are wanted.
pub(crate) struct NewerKeys<'k> {
    source: &'k KeySource,
    reason: AskReason,
}

impl<'k> NewerKeys<'k> {
    pub(crate) fn new(source: &'k KeySource, reason: AskReason) -> Self {
        Self { source, reason }
    }

    /// Asks for them. It is `None` where there are none to wait for.
    pub(crate) fn ask(&self) -> Option<KeysFuture> {
        self.source.ask(self.reason)
    }
}

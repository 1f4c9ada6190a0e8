//! [`MergedKeys`] is several sources of one issuer's keys.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{AskReason, KeySource, KeysFuture, ProvideKeys};
use crate::keys::current_keys::{CurrentKeys, KeysGuard};
use crate::keys::key_set::KeySet;

/// Several sources as one. The keys are merged again only after one of them has changed.
#[derive(Debug)]
pub(super) struct MergedKeys {
    parts: Vec<KeySource>,
    current: CurrentKeys,
    /// The changes of all parts that are merged into the current keys.
    merged: AtomicU64,
    merging: Mutex<()>,
}

impl MergedKeys {
    pub(super) fn new(parts: Vec<KeySource>) -> Self {
        Self {
            parts,
            current: CurrentKeys::new(None),
            merged: AtomicU64::new(NOTHING),
            merging: Mutex::default(),
        }
    }

    /// Counts the changes of all parts. Each count only grows, so the sum is the same only while
    /// none of the parts has changed.
    fn changes(&self) -> u64 {
        self.parts.iter().map(|part| part.generation().0).sum()
    }

    fn merge(&self) {
        let _merging = self.merging.lock().unwrap_or_else(PoisonError::into_inner);
        // They are counted before the keys are read: a change in between is seen the next time.
        let changes = self.changes();
        let parts: Vec<_> = self.parts.iter().map(KeySource::keys).collect();
        let known = parts.iter().filter_map(KeysGuard::get);
        let keys = known.cloned().fold(KeySet::default(), KeySet::merge);
        // Without any key it is as if no part had its keys, so that a token is not refused.
        let is_known = !keys.is_empty() || parts.iter().all(|part| part.get().is_some());
        self.current.replace(is_known.then_some(keys));
        self.merged.store(changes, Ordering::Release);
    }
}

impl ProvideKeys for MergedKeys {
    fn current(&self) -> &CurrentKeys {
        if self.merged.load(Ordering::Acquire) != self.changes() {
            self.merge();
        }
        &self.current
    }

    fn can_ask(&self) -> bool {
        self.parts.iter().any(KeySource::can_ask)
    }

    fn ask(&self, reason: AskReason) -> Option<KeysFuture> {
        // Each part begins to fetch now, so that waiting for one after the other takes no longer.
        let asked = self.parts.iter().filter_map(|part| part.ask(reason));
        let asked: Vec<_> = asked.collect();
        if asked.is_empty() {
            return None;
        }
        Some(Box::pin(async move {
            let mut outcome = Ok(());
            for keys in asked {
                // The key may be one of those that could not be fetched.
                outcome = outcome.and(keys.await);
            }
            outcome
        }))
    }

    fn never_has_any(&self) -> bool {
        self.parts.iter().all(KeySource::never_has_any)
    }

    fn given(&self) -> KeySet {
        let parts = self.parts.iter().map(KeySource::given);
        parts.fold(KeySet::default(), KeySet::merge)
    }
}

/// Nothing is merged yet.
const NOTHING: u64 = u64::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Algorithm, SharedKeySet};

    fn secret(byte: u8) -> KeySet {
        KeySet::from_hmac_secret(Algorithm::Hs256, [byte; 32]).unwrap()
    }

    #[test]
    fn keys_are_merged_again_only_after_a_change() {
        let shared = SharedKeySet::new(secret(1));
        let keys = KeySource::from(secret(2)).merge(shared.clone());
        let address = |guard: &KeysGuard| std::ptr::from_ref(guard.get().unwrap());
        let first = keys.keys();
        assert_eq!(address(&first), address(&keys.keys()));
        shared.replace(secret(3).merge(secret(4))).unwrap();
        let second = keys.keys();
        assert_eq!(first.get().unwrap().len(), 2);
        assert_eq!(second.get().unwrap().len(), 3);
        assert_eq!(address(&second), address(&keys.clone().keys()));
    }
}

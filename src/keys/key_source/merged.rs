//! [`MergedKeys`] is several sources of one issuer's keys.

use std::sync::{Arc, PoisonError, RwLock};

use super::{KeySource, KeysFuture, ProvideKeys};
use crate::keys::key_set::KeySet;

/// Several sources as one. The keys are merged again only after one of them has changed.
#[derive(Debug)]
pub(super) struct MergedKeys {
    parts: Vec<KeySource>,
    merged: RwLock<Merged>,
}

/// The keys of each part at some moment, and all of them together.
#[derive(Debug, Default)]
struct Merged {
    parts: Vec<Option<Arc<KeySet>>>,
    keys: Arc<KeySet>,
}

impl MergedKeys {
    pub(super) fn new(parts: Vec<KeySource>) -> Self {
        Self {
            parts,
            merged: RwLock::default(),
        }
    }

    /// Returns the merged keys, if they were made of what the parts have now.
    fn at_hand(&self) -> Option<Arc<KeySet>> {
        let merged = self.merged.read().unwrap_or_else(PoisonError::into_inner);
        let is_current = merged.parts.len() == self.parts.len()
            && self.parts.iter().zip(&merged.parts).all(|(part, known)| {
                match (part.keys(), known) {
                    (Some(now), Some(known)) => Arc::ptr_eq(&now, known),
                    (None, None) => true,
                    _ => false,
                }
            });
        is_current.then(|| Arc::clone(&merged.keys))
    }
}

impl ProvideKeys for MergedKeys {
    fn keys(&self) -> Option<Arc<KeySet>> {
        let keys = self.at_hand().unwrap_or_else(|| {
            let parts: Vec<_> = self.parts.iter().map(KeySource::keys).collect();
            let known = parts.iter().flatten();
            let keys = known.fold(KeySet::default(), |all, keys| {
                all.merge(KeySet::clone(keys))
            });
            let keys = Arc::new(keys);
            *self.merged.write().unwrap_or_else(PoisonError::into_inner) = Merged {
                parts,
                keys: Arc::clone(&keys),
            };
            keys
        });
        // Without any key it is as if no part had its keys, so that a token is not refused.
        let is_known = !keys.is_empty() || self.parts.iter().all(|part| part.keys().is_some());
        is_known.then_some(keys)
    }

    fn ask(&self) -> Option<KeysFuture> {
        // Each part begins to fetch now, so that waiting for one after the other takes no longer.
        let asked: Vec<_> = self.parts.iter().filter_map(KeySource::ask).collect();
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Algorithm, SharedKeySet};

    #[test]
    fn keys_are_merged_again_only_after_a_change() {
        let secret = |byte| KeySet::from_hmac_secret(Algorithm::Hs256, [byte; 32]).unwrap();
        let shared = SharedKeySet::new(secret(1));
        let keys = KeySource::from(secret(2)).merge(shared.clone());
        let first = keys.keys().unwrap();
        assert!(Arc::ptr_eq(&first, &keys.keys().unwrap()));
        shared.replace(secret(3).merge(secret(4)));
        let second = keys.keys().unwrap();
        assert_eq!((first.len(), second.len()), (2, 3));
        assert!(Arc::ptr_eq(&second, &keys.clone().keys().unwrap()));
    }
}

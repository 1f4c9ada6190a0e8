//! [`CurrentKeys`] are the keys of a source at this moment. A reader of them locks nothing.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, Guard};

use super::key_set::KeySet;

/// The keys that a source has now, or `None` while they are not known. They are replaced as a
/// whole.
pub(crate) struct CurrentKeys {
    keys: ArcSwap<Option<KeySet>>,
    changes: AtomicU64,
}

/// A number that is another one after each change of the keys, and is never used again for others.
/// Keys that are replaced with the same keys have not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyGeneration(pub(super) u64);

impl KeyGeneration {
    /// The number of no keys.
    pub(crate) const UNKNOWN: Self = Self(u64::MAX);
}

/// The keys of one moment. A guard spares the counter of an `Arc`, which all requests would share.
pub(crate) struct KeysGuard(Guard<Arc<Option<KeySet>>>);

impl CurrentKeys {
    pub(crate) fn new(keys: Option<KeySet>) -> Self {
        Self {
            keys: ArcSwap::from_pointee(keys),
            changes: AtomicU64::new(0),
        }
    }

    pub(crate) fn load(&self) -> KeysGuard {
        KeysGuard(self.keys.load())
    }

    pub(crate) fn generation(&self) -> KeyGeneration {
        KeyGeneration(self.changes.load(Ordering::Acquire))
    }

    /// Replaces the keys, and returns whether they are others.
    pub(crate) fn replace(&self, keys: Option<KeySet>) -> bool {
        let now = Arc::new(keys);
        let before = self.keys.swap(Arc::clone(&now));
        let is_same = match (&*before, &*now) {
            (Some(before), Some(now)) => before.is_same(now),
            (before, now) => before.is_none() && now.is_none(),
        };
        // This follows the swap: the new number must not be seen together with the keys before.
        if !is_same {
            self.changes.fetch_add(1, Ordering::Release);
        }
        !is_same
    }
}

impl KeysGuard {
    pub(crate) fn get(&self) -> Option<&KeySet> {
        Option::as_ref(&self.0)
    }
}

impl fmt::Debug for CurrentKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.load().get().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{Algorithm, KeySource, SharedKeySet};

    const ONE: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"one",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const TWO: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"two",
        "x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"}"#;
    const OTHER: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"one",
        "x":"PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"}"#;
    const UNUSABLE: &str = r#"{"kty":"EC","crv":"secp256k1","kid":"bad"}"#;

    fn set(keys: &[&str]) -> KeySet {
        KeySet::from_jwk_set(&format!(r#"{{"keys":[{}]}}"#, keys.join(","))).unwrap()
    }

    fn secret() -> KeySet {
        KeySet::from_hmac_secret(Algorithm::Hs256, [1; 32]).unwrap()
    }

    #[test]
    fn each_change_has_a_number_of_its_own_and_the_same_keys_are_not_a_change() {
        let keys = CurrentKeys::new(None);
        let mut seen = vec![keys.generation()];
        for (now, is_new) in [
            (None, false),
            (Some(set(&[ONE, TWO])), true),
            (Some(set(&[ONE, TWO])), false),
            (Some(set(&[TWO, ONE])), false),
            (Some(set(&[ONE])), true),
            (Some(set(&[OTHER])), true),
            (Some(set(&[ONE])), true),
            (Some(set(&[ONE, UNUSABLE])), true),
            (Some(set(&[UNUSABLE, ONE])), false),
            (Some(set(&[UNUSABLE, ONE]).with_kid("three")), true),
            (None, true),
            (Some(KeySet::default()), true),
            // Nothing compares secrets.
            (Some(secret()), true),
            (Some(secret()), true),
        ] {
            let shown = format!("{now:?}");
            keys.replace(now);
            let generation = keys.generation();
            assert_eq!(seen.last() != Some(&generation), is_new, "{shown}");
            if is_new {
                assert!(!seen.contains(&generation), "{shown}");
                seen.push(generation);
            }
        }
        let clone = keys.load().get().cloned();
        keys.replace(clone);
        assert_eq!(seen.last(), Some(&keys.generation()));
    }

    #[test]
    fn a_change_of_one_source_is_a_change_of_all_that_it_is_merged_into() {
        let (one, two) = (SharedKeySet::new(secret()), SharedKeySet::new(secret()));
        let inner = KeySource::from(one.clone()).merge(two.clone());
        let keys = inner.clone().merge(secret());
        let before = (inner.generation(), keys.generation());
        assert_eq!((inner.generation(), keys.generation()), before);
        let mut seen = vec![before];
        for shared in [&one, &two, &two, &one] {
            shared.replace(secret()).unwrap();
            let now = (inner.generation(), keys.generation());
            assert!(
                seen.iter()
                    .all(|known| known.0 != now.0 && known.1 != now.1)
            );
            assert_eq!(keys.keys().get().unwrap().len(), 3);
            seen.push(now);
        }
    }
}

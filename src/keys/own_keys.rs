//! [`OwnKeys`] are our own keys as a source, at the time of our clock.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::current_keys::CurrentKeys;
use super::key_source::{KeySource, ProvideKeys};
use super::signing_keys::SigningKeys;
use crate::clock::{Clock, Timestamp};

/// The keys that verify our own tokens. They change with the schedule, and with the time.
pub(crate) struct OwnKeys {
    keys: SigningKeys,
    clock: Arc<dyn Clock>,
    current: CurrentKeys,
    /// The changes of the schedule that are in the current keys.
    changes: AtomicU64,
    /// When the current keys begin to verify, in milliseconds.
    from: AtomicU64,
    /// When they end, in milliseconds.
    until: AtomicU64,
    choosing: Mutex<()>,
}

impl OwnKeys {
    pub(crate) fn new(keys: SigningKeys, clock: Arc<dyn Clock>) -> Self {
        Self {
            keys,
            clock,
            current: CurrentKeys::new(None),
            changes: AtomicU64::new(NOTHING),
            from: AtomicU64::new(0),
            until: AtomicU64::new(0),
            choosing: Mutex::default(),
        }
    }

    fn is_current(&self) -> bool {
        self.changes.load(Ordering::Acquire) == self.keys.changes() && self.is_time()
    }

    fn is_time(&self) -> bool {
        let from = self.from.load(Ordering::Acquire);
        let until = self.until.load(Ordering::Acquire);
        // One key verifies for ever, and spares each request a look at the clock.
        let is_always = from == 0 && until == Timestamp::from_millis(u64::MAX).as_millis();
        is_always || (from..until).contains(&self.clock.now().as_millis())
    }

    fn choose(&self) {
        let _choosing = self.choosing.lock().unwrap_or_else(PoisonError::into_inner);
        // They are counted before the keys are read: a change in between is seen the next time.
        let changes = self.keys.changes();
        let chosen = self.keys.verifying(self.clock.now());
        self.current.replace(Some(chosen.keys));
        self.from.store(chosen.from.as_millis(), Ordering::Release);
        self.until
            .store(chosen.until.as_millis(), Ordering::Release);
        self.changes.store(changes, Ordering::Release);
    }
}

impl ProvideKeys for OwnKeys {
    fn current(&self) -> &CurrentKeys {
        if !self.is_current() {
            self.choose();
        }
        &self.current
    }

    fn never_has_any(&self) -> bool {
        false
    }
}

impl From<OwnKeys> for KeySource {
    fn from(keys: OwnKeys) -> Self {
        Self::new(keys)
    }
}

impl fmt::Debug for OwnKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnKeys")
            .field("keys", &self.keys)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// Nothing is chosen yet.
const NOTHING: u64 = u64::MAX;

#[cfg(all(test, feature = "test-util"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::keys::{Secret, SigningKey};
    use crate::test_util::ManualClock;

    fn key() -> SigningKey {
        SigningKey::hs256(&Secret::random().unwrap()).unwrap()
    }

    #[test]
    fn the_keys_change_with_the_schedule_and_when_one_of_them_is_forgotten() {
        let clock = ManualClock::new();
        let keys = SigningKeys::new(key());
        let source = KeySource::from(OwnKeys::new(keys.clone(), Arc::new(clock.clone())));
        let first = source.generation();
        let begins = clock.now() + Duration::from_secs(600);
        keys.rotate_to(key(), begins).unwrap();
        let both = source.generation();
        assert_ne!(both, first);
        clock.advance(Duration::from_secs(600));
        assert_eq!(source.generation(), both);
        clock.advance(Duration::from_secs(86_400 + 300));
        let second = source.generation();
        assert!(second != both && second != first);
        assert_eq!(source.key_set().unwrap().len(), 1);
        // Also back again.
        clock.jump(begins);
        let again = source.generation();
        assert!(again != second && again != both && again != first);
        assert_eq!(source.key_set().unwrap().len(), 2);
    }
}

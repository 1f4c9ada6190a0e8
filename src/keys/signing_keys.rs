//! [`SigningKeys`] are the keys that sign our access tokens, one after the other.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::key_set::KeySet;
use super::signing_key::SigningKey;
use crate::clock::Timestamp;
use crate::error::ConfigError;
use crate::limits::{MAX_ACCESS_TOKEN_LIFETIME, MAX_LEEWAY};

/// The keys that sign our access tokens, one after the other. A key is rotated without a restart
/// and without logging users out.
///
/// A key has three stages:
///
/// 1. It is **published** from [`rotate_to`](Self::rotate_to) on:
///    [`JwksEndpoint`](crate::endpoint::JwksEndpoint) shows it, and our own verifiers trust it.
/// 2. It **signs** from the moment that `rotate_to` names, until the next key does.
/// 3. It **is forgotten** when the last token that it signed has expired. That is a day and five
///    minutes after the next key began to sign, because this is the longest time for which a
///    session's access token is accepted. It is later if
///    [`sign`](crate::token::AccessTokenSigner::sign) made a token of this process with a longer
///    lifetime.
///
/// Clones share the same keys. Processes do not tell each other about their keys: give all of them
/// the same keys with the same moments. A process that starts in between needs the old key too, as
/// below.
///
/// ```
/// use std::time::Duration;
/// use tower_bearer::clock::{Clock, SystemClock};
/// use tower_bearer::keys::SigningKeys;
/// use tower_bearer::token::AccessTokenSigner;
/// use tower_bearer::{Secret, SigningKey};
///
/// # let (old, new) = (Secret::random()?, Secret::random()?);
/// let keys = SigningKeys::new(SigningKey::hs256(&old)?);
/// let signer = AccessTokenSigner::new("https://api.example.com", "example-api", keys.clone())?;
/// // Others cache our published keys for five minutes: in ten minutes they all have the new one.
/// keys.rotate_to(SigningKey::hs256(&new)?, SystemClock.now() + Duration::from_secs(600))?;
/// # Ok::<(), tower_bearer::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SigningKeys(Arc<Shared>);

struct Shared {
    schedule: RwLock<Schedule>,
    /// How often the keys that verify may have changed, other than by the time.
    changes: AtomicU64,
}

struct Schedule {
    /// The keys, in the order in which they begin to sign.
    keys: Vec<Scheduled>,
}

struct Scheduled {
    key: SigningKey,
    signs_from: Timestamp,
    /// When the last token that the key signed in this process expires, in milliseconds.
    last_end: AtomicU64,
}

/// The keys that verify from one moment on, until before another.
pub(super) struct Verifying {
    pub(super) keys: KeySet,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl SigningKeys {
    /// Signs with this key, until [`rotate_to`](Self::rotate_to) names another.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        let first = Scheduled {
            key,
            signs_from: Timestamp::ZERO,
            last_end: AtomicU64::new(0),
        };
        Self(Arc::new(Shared {
            schedule: RwLock::new(Schedule { keys: vec![first] }),
            changes: AtomicU64::new(0),
        }))
    }

    /// Publishes `next` now, and signs with it from `signs_from` on.
    ///
    /// Verifiers elsewhere cache what we publish for five minutes, so leave them ten. A moment in
    /// the past means at once. A process that starts later names the moment at which the others
    /// really changed. Tokens of the old key are accepted until they expire, even if the key has
    /// leaked: to refuse them, start with the new key alone.
    ///
    /// # Errors
    ///
    /// The key before it begins to sign later than `signs_from`.
    pub fn rotate_to(&self, next: SigningKey, signs_from: Timestamp) -> Result<(), ConfigError> {
        let mut schedule = self.write();
        if schedule
            .keys
            .last()
            .is_some_and(|last| signs_from < last.signs_from)
        {
            return Err(ConfigError::new(
                "the key before this one begins to sign later. Name the keys in the order in which \
                 they sign",
            ));
        }
        schedule.keys.push(Scheduled {
            key: next,
            signs_from,
            last_end: AtomicU64::new(0),
        });
        self.0.changes.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Returns the key that signs now, for a token that expires at `end`.
    pub(crate) fn sign_until(&self, end: Timestamp, now: Timestamp) -> SigningKey {
        let schedule = self.read();
        let (current, is_last) = schedule.current(now);
        current
            .last_end
            .fetch_max(end.as_millis(), Ordering::Relaxed);
        let key = current.key.clone();
        drop(schedule);
        if !is_last {
            // Verifiers chose their keys without this token: the clock may have been set back.
            self.0.changes.fetch_add(1, Ordering::Release);
        }
        key
    }

    /// Returns the keys that verify at this moment.
    pub(super) fn verifying(&self, now: Timestamp) -> Verifying {
        self.read().verifying(now)
    }

    /// Returns a number that has grown if [`verifying`](Self::verifying) may answer otherwise now,
    /// although the time is within its answer.
    pub(super) fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    fn read(&self) -> RwLockReadGuard<'_, Schedule> {
        let schedule = &self.0.schedule;
        schedule.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Schedule> {
        let schedule = &self.0.schedule;
        schedule.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Schedule {
    /// Returns the key that signs, and whether it is the last one.
    fn current(&self, now: Timestamp) -> (&Scheduled, bool) {
        let begun = self
            .keys
            .partition_point(|scheduled| scheduled.signs_from <= now);
        // The first key signs from the epoch on.
        (
            &self.keys[begun.saturating_sub(1)],
            begun == self.keys.len(),
        )
    }

    fn verifying(&self, now: Timestamp) -> Verifying {
        let mut verifying = Verifying {
            keys: KeySet::default(),
            from: Timestamp::ZERO,
            until: Timestamp::from_millis(u64::MAX),
        };
        for (index, scheduled) in self.keys.iter().enumerate() {
            let forgotten = self
                .keys
                .get(index + 1)
                .map(|next| scheduled.forgotten(next.signs_from));
            match forgotten {
                Some(moment) if moment <= now => verifying.from = verifying.from.max(moment),
                Some(moment) => verifying.until = verifying.until.min(moment),
                None => {}
            }
            if forgotten.is_none_or(|moment| moment > now) {
                verifying.keys = verifying.keys.merge(scheduled.key.key_set());
            }
        }
        verifying
    }
}

impl Scheduled {
    /// Returns when the last token of this key has expired everywhere, if the next key signs from
    /// `next_signs_from` on.
    fn forgotten(&self, next_signs_from: Timestamp) -> Timestamp {
        let here = Timestamp::from_millis(self.last_end.load(Ordering::Relaxed));
        let elsewhere = next_signs_from + MAX_ACCESS_TOKEN_LIFETIME;
        here.max(elsewhere) + MAX_LEEWAY
    }
}

impl From<SigningKey> for SigningKeys {
    fn from(key: SigningKey) -> Self {
        Self::new(key)
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.read().keys.iter().map(|scheduled| &scheduled.key))
            .finish()
    }
}

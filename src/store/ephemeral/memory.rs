//! [`EphemeralParts`] are the short-lived things of a [`MemoryStore`](crate::MemoryStore).

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::change::{Charge, Entry, Refund};
use super::contract::EphemeralStore;
use super::key::EphemeralKey;
use super::lane::{Counter, Found};
use crate::clock::Timestamp;
use crate::store::error::StoreError;

/// Counters and values in parts, so that two requests rarely wait for each other. A call locks one
/// part at a time.
pub(in crate::store) struct EphemeralParts {
    parts: [Part; PARTS],
    hasher: RandomState,
    room: Room,
}

#[derive(Default)]
#[repr(align(64))]
struct Part(Mutex<Rows>);

#[derive(Default)]
struct Rows {
    counters: HashMap<EphemeralKey, Counter>,
    values: HashMap<EphemeralKey, Value>,
    /// No value of this part ends before this moment, so nothing is looked for until then.
    first_end: Option<Timestamp>,
}

struct Value {
    bytes: Box<[u8]>,
    until: Timestamp,
}

/// How much room the values of all parts have and take.
struct Room {
    most_values: usize,
    values: AtomicUsize,
    bytes: AtomicUsize,
}

impl EphemeralParts {
    /// Has room for so many values, and for [`MAX_BYTES`].
    pub(in crate::store) fn with_most_values(most_values: usize) -> Self {
        Self {
            parts: Default::default(),
            hasher: RandomState::new(),
            room: Room {
                most_values,
                values: AtomicUsize::new(0),
                bytes: AtomicUsize::new(0),
            },
        }
    }

    pub(in crate::store) fn values(&self) -> usize {
        self.room.values.load(Ordering::Relaxed)
    }

    fn rows(&self, key: &EphemeralKey) -> MutexGuard<'_, Rows> {
        // Not by the bytes of the key: their user may have folded them to a few bits.
        self.parts[self.hasher.hash_one(key) as usize % PARTS].rows()
    }

    /// Writes a value. `false` means that it was to be new, and is not.
    fn write(&self, entry: &Entry<'_>, now: Timestamp, is_new: bool) -> Result<bool, StoreError> {
        entry.check().map_err(failed)?;
        let mut written = self.try_to_write(entry, now, is_new);
        if written.is_none() {
            // What has ended makes room.
            self.forget_ended(now);
            written = self.try_to_write(entry, now, is_new);
        }
        written.ok_or_else(|| failed("it has no room for more short-lived values"))
    }

    /// Does the same, or returns `None` if there is no room.
    fn try_to_write(&self, entry: &Entry<'_>, now: Timestamp, is_new: bool) -> Option<bool> {
        let until = entry.until(now);
        let mut rows = self.rows(&entry.key);
        let old = rows.values.get(&entry.key);
        if is_new && old.is_some_and(|value| value.until > now) {
            return Some(false);
        }
        self.room.take(entry.value, old.map(|old| &*old.bytes))?;
        let bytes = entry.value.into();
        rows.values.insert(entry.key, Value { bytes, until });
        rows.first_end = Some(rows.first_end.map_or(until, |first| first.min(until)));
        Some(true)
    }

    /// Forgets values that have ended, in the parts that have any.
    fn forget_ended(&self, now: Timestamp) -> u64 {
        let mut ended = 0;
        for part in &self.parts {
            let rows = &mut *part.rows();
            if rows.first_end.is_none_or(|first| first > now) {
                continue;
            }
            let before = rows.values.len();
            rows.first_end = None;
            rows.values.retain(|_, value| {
                if value.until <= now {
                    self.room.leave(&value.bytes);
                    return false;
                }
                let until = value.until;
                rows.first_end = Some(rows.first_end.map_or(until, |first| first.min(until)));
                true
            });
            ended += (before - rows.values.len()) as u64;
        }
        ended
    }
}

impl Default for EphemeralParts {
    fn default() -> Self {
        Self::with_most_values(usize::MAX)
    }
}

impl Part {
    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    /// Makes room for one more counter. What has ended goes, and then a sixteenth of the part: the
    /// counters with the least debt.
    fn make_room(&mut self, now: Timestamp) {
        if self.counters.len() < MAX_COUNTERS / PARTS {
            return;
        }
        let mut ends: Vec<Timestamp> = self
            .counters
            .values()
            .map(|counter| counter.end())
            .collect();
        let mut left = ends.len() / 16;
        let (_, &mut least, _) = ends.select_nth_unstable(left);
        self.counters.retain(|_, counter| {
            let goes = counter.end() <= least && left > 0;
            left -= usize::from(goes);
            !goes && counter.end() > now
        });
    }
}

impl Room {
    /// Takes room for a value, in exchange for that of the value before it, if there is enough.
    fn take(&self, value: &[u8], old: Option<&[u8]>) -> Option<()> {
        let exchange = |place: &AtomicUsize, give: usize, take: usize, most: usize| {
            let after = |taken: usize| Some(taken.saturating_sub(give) + take);
            let next = |taken| after(taken).filter(|sum| *sum <= most);
            let order = Ordering::Relaxed;
            place.fetch_update(order, order, next).ok().map(drop)
        };
        let (one, bytes) = old.map_or((0, 0), |old| (1, old.len() + OVERHEAD));
        exchange(&self.values, one, 1, self.most_values)?;
        let taken = exchange(&self.bytes, bytes, value.len() + OVERHEAD, MAX_BYTES);
        if taken.is_none() {
            self.values.fetch_sub(1 - one, Ordering::Relaxed);
        }
        taken
    }

    fn leave(&self, value: &[u8]) {
        self.values.fetch_sub(1, Ordering::Relaxed);
        self.bytes
            .fetch_sub(value.len() + OVERHEAD, Ordering::Relaxed);
    }
}

#[async_trait]
impl EphemeralStore for EphemeralParts {
    async fn read(
        &self,
        keys: &[EphemeralKey],
        now: Timestamp,
    ) -> Result<Vec<Option<Found>>, StoreError> {
        let read = |key: &EphemeralKey| {
            let rows = self.rows(key);
            if let Some(value) = rows.values.get(key) {
                return (value.until > now).then(|| Found::Value(value.bytes.to_vec()));
            }
            let counter = rows.counters.get(key).copied();
            counter
                .filter(|counter| counter.end() > now)
                .map(Found::Counter)
        };
        Ok(keys.iter().map(read).collect())
    }

    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Vec<bool>, StoreError> {
        let charge = |charge: &Charge| {
            let mut rows = self.rows(&charge.key);
            let before = rows.counters.get(&charge.key).copied();
            let Some(after) = charge.lane.charged(before, now) else {
                return false;
            };
            if before.is_none() {
                rows.make_room(now);
            }
            rows.counters.insert(charge.key, after);
            true
        };
        Ok(charges.iter().map(charge).collect())
    }

    async fn give_back(&self, refunds: &[Refund], _: Timestamp) -> Result<(), StoreError> {
        for refund in refunds {
            if let Some(counter) = self.rows(&refund.key).counters.get_mut(&refund.key) {
                *counter = counter.given_back(refund.fast, refund.slow);
            }
        }
        Ok(())
    }

    async fn note(&self, entry: Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
        self.write(&entry, now, false).map(drop)
    }

    async fn put_new(&self, entry: Entry<'_>, now: Timestamp) -> Result<bool, StoreError> {
        self.write(&entry, now, true)
    }

    async fn take(&self, key: EphemeralKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        let taken = self.rows(&key).values.remove(&key);
        Ok(taken.and_then(|value| {
            self.room.leave(&value.bytes);
            (value.until > now).then(|| value.bytes.into_vec())
        }))
    }

    async fn delete_ended(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut ended = self.forget_ended(now);
        for part in &self.parts {
            let counters = &mut part.rows().counters;
            let before = counters.len();
            counters.retain(|_, counter| counter.end() > now);
            ended += (before - counters.len()) as u64;
        }
        Ok(ended)
    }
}

/// Shows how much is there, and nothing of it.
impl fmt::Debug for EphemeralParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counters: usize = self
            .parts
            .iter()
            .map(|part| part.rows().counters.len())
            .sum();
        f.debug_struct("EphemeralParts")
            .field("counters", &counters)
            .field("values", &self.values())
            .finish_non_exhaustive()
    }
}

fn failed(cause: &'static str) -> StoreError {
    StoreError::new("memory", cause)
}

/// A few times the number of threads that handle requests on usual machines.
const PARTS: usize = 16;
/// A counter takes about 60 bytes.
const MAX_COUNTERS: usize = 1 << 20;
/// The bytes of all values, each with what it takes beside its bytes.
const MAX_BYTES: usize = 128 << 20;
const OVERHEAD: usize = 96;

//! A store of short-lived things in a map, which counts what it holds and can be broken.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use tower_bearer::clock::Timestamp;
use tower_bearer::store::{
    Charge, Counter, Entry, EphemeralKey, EphemeralStore, Found, Refund, StoreError, async_trait,
};

/// The store.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    rows: HashMap<EphemeralKey, (Found, Timestamp)>,
    peak: usize,
    calls: Calls,
    fault: Option<Fault>,
    late: Vec<Charge>,
}

/// How often each call was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) read: u32,
    pub(crate) charge: u32,
    pub(crate) give_back: u32,
    pub(crate) note: u32,
}

/// How it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Every call fails.
    Down,
    /// It answers for no key.
    Short,
    /// Nothing is found, as if others wrote after every read.
    Stale,
    /// Charges are not written until [`Memory::charge_late`], as if they were made after the
    /// verdict.
    Late,
    /// A refund deletes the counter, as if a success cleared it.
    Cleared,
}

impl Memory {
    pub(crate) fn set_fault(&self, fault: Option<Fault>) {
        self.inner().fault = fault;
    }

    /// Returns the charges since the last call that were not written.
    pub(crate) fn take_late(&self) -> Vec<Charge> {
        std::mem::take(&mut self.inner().late)
    }

    /// Writes charges, whatever their lanes allow.
    pub(crate) fn charge_late(&self, charges: &[Charge], now: Timestamp) {
        let mut inner = self.inner();
        for Charge { key, lane, .. } in charges {
            let old = inner.counter(key, now);
            let end = |end: Option<Timestamp>| end.unwrap_or(now).max(now);
            let counter = Counter::new(
                end(old.map(|old| old.fast)) + lane.fast.period,
                end(old.map(|old| old.slow)) + lane.slow.period,
            );
            inner.write(*key, Found::Counter(counter), counter.end());
        }
    }

    pub(crate) fn calls(&self) -> Calls {
        self.inner().calls
    }

    /// Returns how many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.inner().rows.len()
    }

    /// Returns how many rows there were at most.
    pub(crate) fn peak(&self) -> usize {
        self.inner().peak
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }
}

impl Inner {
    fn live(&self, key: &EphemeralKey, now: Timestamp) -> Option<&Found> {
        self.rows
            .get(key)
            .filter(|(_, until)| *until > now)
            .map(|(found, _)| found)
    }

    fn counter(&self, key: &EphemeralKey, now: Timestamp) -> Option<Counter> {
        match self.live(key, now) {
            Some(Found::Counter(counter)) => Some(*counter),
            _ => None,
        }
    }

    fn write(&mut self, key: EphemeralKey, found: Found, until: Timestamp) {
        self.rows.insert(key, (found, until));
        self.peak = self.peak.max(self.rows.len());
    }

    fn check(&self) -> Result<(), StoreError> {
        match self.fault {
            Some(Fault::Down) => Err(StoreError::new("test", "down")),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl EphemeralStore for Memory {
    async fn read(
        &self,
        keys: &[EphemeralKey],
        now: Timestamp,
    ) -> Result<Vec<Option<Found>>, StoreError> {
        let mut inner = self.inner();
        inner.calls.read += 1;
        inner.check()?;
        if inner.fault == Some(Fault::Short) {
            return Ok(Vec::new());
        }
        let is_stale = inner.fault == Some(Fault::Stale);
        let found = |key| inner.live(key, now).filter(|_| !is_stale).cloned();
        Ok(keys.iter().map(found).collect())
    }

    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Vec<bool>, StoreError> {
        let mut inner = self.inner();
        inner.calls.charge += 1;
        inner.check()?;
        if inner.fault == Some(Fault::Late) {
            inner.late.extend(charges);
            return Ok(vec![true; charges.len()]);
        }
        let mut answers = Vec::new();
        for Charge { key, lane, .. } in charges {
            let counter = lane.charged(inner.counter(key, now), now);
            answers.push(counter.is_some());
            if let Some(counter) = counter {
                inner.write(*key, Found::Counter(counter), counter.end());
            }
        }
        Ok(answers)
    }

    async fn give_back(&self, refunds: &[Refund], now: Timestamp) -> Result<(), StoreError> {
        let mut inner = self.inner();
        inner.calls.give_back += 1;
        inner.check()?;
        for Refund {
            key, fast, slow, ..
        } in refunds
        {
            match (inner.fault, inner.counter(key, now)) {
                (Some(Fault::Late), _) | (_, None) => {}
                (Some(Fault::Cleared), _) => drop(inner.rows.remove(key)),
                (_, Some(counter)) => {
                    let counter = counter.given_back(*fast, *slow);
                    inner.write(*key, Found::Counter(counter), counter.end());
                }
            }
        }
        Ok(())
    }

    async fn note(&self, entry: Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
        let mut inner = self.inner();
        inner.calls.note += 1;
        inner.check()?;
        inner.write(
            entry.key,
            Found::Value(entry.value.to_vec()),
            now + entry.lifetime,
        );
        Ok(())
    }

    async fn put_new(&self, _: Entry<'_>, _: Timestamp) -> Result<bool, StoreError> {
        Err(StoreError::new("test", "the throttle does not use it"))
    }

    async fn take(&self, _: EphemeralKey, _: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        Err(StoreError::new("test", "the throttle does not use it"))
    }

    async fn delete_ended(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut inner = self.inner();
        let before = inner.rows.len();
        inner.rows.retain(|_, (_, until)| *until > now);
        Ok((before - inner.rows.len()) as u64)
    }
}

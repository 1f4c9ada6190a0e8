//! A store of short-lived things that is right but for one fault.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tower_bearer::clock::Timestamp;
use tower_bearer::store::{
    Charge, Counter, Entry, EphemeralKey, EphemeralStore, Found, Lane, Rate, Refund, StoreError,
    async_trait,
};

/// A fault of a store of short-lived things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EphemeralFault {
    Nothing,
    ChargeReadsThenWrites,
    ChargeForgetsTheFastRate,
    ChargeForgetsTheSlowRate,
    ChargeWritesWhatItRefuses,
    ChargesAllOrNone,
    ChargeStopsAtTheFirstRefusal,
    ReadIsByAnotherClock,
    GiveBackDoesNothing,
    GiveBackMakesMoreThanEmpty,
    GiveBackReadsThenWrites,
    NothingEnds,
    ValuesAreCut,
    NoteKeepsTheFirst,
    PutNewOverwrites,
    PutNewReadsThenWrites,
    TakeReadsThenDeletes,
    TakeLeavesTheValue,
    AnswersAreSorted,
    AnswersLeaveOutWhatIsAbsent,
    KindsMeet,
    DeletesEverything,
}

use EphemeralFault::*;

#[derive(Debug)]
pub(super) struct FaultyEphemeral {
    fault: EphemeralFault,
    rows: Mutex<BTreeMap<EphemeralKey, Row>>,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone, Debug)]
struct Row {
    found: Found,
    until: Timestamp,
    /// More than there was to give back.
    credit: u32,
}

impl FaultyEphemeral {
    pub(super) fn new(fault: EphemeralFault) -> Self {
        Self {
            fault,
            rows: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// One call at a time, except where the fault is that calls come in between.
    async fn turn(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        match self.fault {
            ChargeReadsThenWrites
            | GiveBackReadsThenWrites
            | PutNewReadsThenWrites
            | TakeReadsThenDeletes => {
                tokio::task::yield_now().await;
                None
            }
            _ => Some(self.turn.lock().await),
        }
    }

    fn key(&self, key: &EphemeralKey) -> EphemeralKey {
        let mut hash = [0; 16];
        hash.copy_from_slice(&key.as_bytes()[4..]);
        match self.fault {
            KindsMeet => EphemeralKey::new([0; 4], hash),
            _ => *key,
        }
    }

    fn live(&self, key: &EphemeralKey, now: Timestamp) -> Option<Row> {
        let row = self.rows.lock().unwrap().get(&self.key(key)).cloned();
        row.filter(|row| row.until > now || self.fault == NothingEnds)
    }

    fn write(&self, entry: &Entry<'_>, now: Timestamp) {
        let cut = match self.fault {
            ValuesAreCut => entry.value.len().min(255),
            _ => entry.value.len(),
        };
        let row = Row {
            found: Found::Value(entry.value[..cut].to_vec()),
            until: entry.until(now),
            credit: 0,
        };
        self.rows.lock().unwrap().insert(self.key(&entry.key), row);
    }

    /// The lane as the fault has it.
    fn lane(&self, mut lane: Lane) -> Lane {
        match self.fault {
            ChargeForgetsTheFastRate => lane.fast = Rate::UNLIMITED,
            ChargeForgetsTheSlowRate => lane.slow = Rate::UNLIMITED,
            _ => {}
        }
        lane
    }

    fn set(&self, key: &EphemeralKey, counter: Counter, credit: u32) {
        let row = Row {
            found: Found::Counter(counter),
            until: counter.end(),
            credit,
        };
        self.rows.lock().unwrap().insert(self.key(key), row);
    }
}

fn counter(row: &Row) -> Option<Counter> {
    match row.found {
        Found::Counter(counter) => Some(counter),
        Found::Value(_) => None,
    }
}

#[async_trait]
impl EphemeralStore for FaultyEphemeral {
    async fn read(
        &self,
        keys: &[EphemeralKey],
        now: Timestamp,
    ) -> Result<Vec<Option<Found>>, StoreError> {
        let mut keys = keys.to_vec();
        if self.fault == AnswersAreSorted {
            keys.sort_unstable();
        }
        let found = keys.iter().map(|key| {
            let mut row = self.live(key, now)?;
            if let (Found::Counter(counter), ReadIsByAnotherClock) = (&mut row.found, self.fault) {
                counter.fast = counter.fast + Duration::from_secs(600);
            }
            Some(row.found)
        });
        match self.fault {
            AnswersLeaveOutWhatIsAbsent => Ok(found
                .filter(|found| found.is_some() || keys.len() == 1)
                .collect()),
            _ => Ok(found.collect()),
        }
    }

    async fn charge(&self, charges: &[Charge], now: Timestamp) -> Result<Vec<bool>, StoreError> {
        let _turn = self.turn().await;
        let after = |charge: &Charge| {
            let row = self.live(&charge.key, now);
            let before = row.as_ref().and_then(counter);
            match row.map_or(0, |row| row.credit) {
                0 => (self.lane(charge.lane).charged(before, now), 0),
                credit => (before, credit - 1),
            }
        };
        let all_may = charges.iter().all(|charge| after(charge).0.is_some());
        let mut answers = Vec::new();
        for charge in charges {
            let (mut next, credit) = after(charge);
            let may = match self.fault {
                ChargesAllOrNone => all_may,
                ChargeStopsAtTheFirstRefusal => !answers.contains(&false),
                _ => true,
            };
            next = next.filter(|_| may);
            if self.fault == ChargeReadsThenWrites {
                tokio::task::yield_now().await;
            }
            if let Some(next) = next {
                self.set(&charge.key, next, credit);
            } else if self.fault == ChargeWritesWhatItRefuses {
                let most = Rate::new(u32::MAX, Duration::from_secs(3600));
                let before = self.live(&charge.key, now);
                let wide = Lane::new(most, most).charged(before.as_ref().and_then(counter), now);
                self.set(&charge.key, wide.unwrap(), 0);
            }
            answers.push(next.is_some());
        }
        Ok(answers)
    }

    async fn give_back(&self, refunds: &[Refund], now: Timestamp) -> Result<(), StoreError> {
        let _turn = self.turn().await;
        for refund in refunds {
            let row = self.live(&refund.key, now);
            let Some(before) = row.as_ref().and_then(counter) else {
                continue;
            };
            if self.fault == GiveBackReadsThenWrites {
                tokio::task::yield_now().await;
            }
            let given = before.given_back(refund.fast, refund.slow);
            match self.fault {
                GiveBackDoesNothing => {}
                GiveBackMakesMoreThanEmpty if given.end() <= now => {
                    self.set(&refund.key, before, 1);
                }
                _ => self.set(&refund.key, given, 0),
            }
        }
        Ok(())
    }

    async fn note(&self, entry: Entry<'_>, now: Timestamp) -> Result<(), StoreError> {
        let _turn = self.turn().await;
        if self.fault != NoteKeepsTheFirst || self.live(&entry.key, now).is_none() {
            self.write(&entry, now);
        }
        Ok(())
    }

    async fn put_new(&self, entry: Entry<'_>, now: Timestamp) -> Result<bool, StoreError> {
        let _turn = self.turn().await;
        let is_new = self.live(&entry.key, now).is_none();
        if self.fault == PutNewReadsThenWrites {
            tokio::task::yield_now().await;
        }
        if is_new || self.fault == PutNewOverwrites {
            self.write(&entry, now);
        }
        Ok(is_new)
    }

    async fn take(&self, key: EphemeralKey, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
        let _turn = self.turn().await;
        let row = self.live(&key, now);
        if self.fault == TakeReadsThenDeletes {
            tokio::task::yield_now().await;
        }
        if self.fault != TakeLeavesTheValue {
            self.rows.lock().unwrap().remove(&self.key(&key));
        }
        Ok(row.and_then(|row| match row.found {
            Found::Value(value) => Some(value),
            Found::Counter(_) => None,
        }))
    }

    async fn delete_ended(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut rows = self.rows.lock().unwrap();
        let before = rows.len();
        rows.retain(|_, row| row.until > now && self.fault != DeletesEverything);
        Ok((before - rows.len()) as u64)
    }
}

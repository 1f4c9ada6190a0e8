//! What the rule has to know of one attempt: what was found in its rows.

use std::time::Duration;

use super::keys::SHARDS;
use super::lanes::Budgets;
use super::mark::CheckedMark;
use super::question::{Question, ROWS, Row};
use crate::clock::Timestamp;
use crate::familiarity::Familiarity;
use crate::store::{Counter, Found, Lane};

/// The rows of one attempt, as the store has them.
#[derive(Clone, Debug)]
pub(super) struct Seen<'q> {
    pub(super) question: &'q Question,
    rows: [Option<Found>; ROWS],
    siege: Vec<Found>,
    pub(super) now: Timestamp,
}

/// How well a name knows a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KnownNetwork {
    No,
    /// Another address of its block.
    InBlock,
    Yes,
}

impl<'q> Seen<'q> {
    /// Takes what was found at the [`keys`](Question::keys) of a question, in their order. It is
    /// `None` if that is not one answer for each: what is not known must not look like an empty
    /// row.
    pub(super) fn new(
        question: &'q Question,
        found: Vec<Option<Found>>,
        now: Timestamp,
    ) -> Option<Self> {
        let siege = if question.place.is_some() { SHARDS } else { 0 };
        if found.len() != question.read().count() + siege {
            return None;
        }
        let mut found = found.into_iter();
        let mut rows = [const { None }; ROWS];
        for (row, _) in question.read() {
            rows[row] = found.next().flatten();
        }
        Some(Self {
            question,
            rows,
            siege: found.flatten().collect(),
            now,
        })
    }

    /// Returns how long the lane of a row is full. Zero is free.
    pub(super) fn wait(&self, row: Row, lane: &Lane) -> Duration {
        lane.wait(self.counter(row), self.now)
    }

    /// Returns the mark, unless its subject has called it in.
    pub(super) fn mark(&self) -> Option<&CheckedMark> {
        let mark = self.question.mark.as_ref()?;
        match self.value(Row::Since).map(moment) {
            None => Some(mark),
            // A value that does not say when calls in every mark.
            Some(since) => Some(mark).filter(|mark| since.is_some_and(|at| mark.is_newer_than(at))),
        }
    }

    pub(super) fn network(&self) -> KnownNetwork {
        let [block, network] = &self.question.tags;
        match self.value(Row::Familiar) {
            Some(value) if value.get(..8) != Some(block) => KnownNetwork::No,
            Some(value) if value.get(8..16) == Some(network) => KnownNetwork::Yes,
            Some(_) => KnownNetwork::InBlock,
            None => KnownNetwork::No,
        }
    }

    pub(super) fn familiarity(&self) -> Familiarity {
        match self.network() {
            _ if self.mark().is_some() => Familiarity::Device,
            KnownNetwork::No => Familiarity::Stranger,
            KnownNetwork::InBlock => Familiarity::Block,
            KnownNetwork::Yes => Familiarity::Network,
        }
    }

    /// Returns when the name last logged in from this very network, as far as is noted.
    pub(super) fn familiar_since(&self) -> Option<Timestamp> {
        let value = self.value(Row::Familiar)?;
        (self.network() == KnownNetwork::Yes)
            .then(|| moment(value.get(16..)?))
            .flatten()
    }

    /// Returns whether there is a siege, and this network has had no success today.
    pub(super) fn is_held_by_siege(&self, budgets: &Budgets) -> bool {
        self.is_siege(budgets) && self.value(Row::Good).is_none()
    }

    /// Returns whether many networks guess at many accounts.
    pub(super) fn is_siege(&self, budgets: &Budgets) -> bool {
        let rate = budgets.siege_shard.slow;
        let most = rate.period.saturating_mul(rate.burst);
        let debt = |found: &Found| match found {
            Found::Counter(counter) => counter.slow.saturating_since(self.now).min(most),
            Found::Value(_) => Duration::ZERO,
        };
        let debt = self
            .siege
            .iter()
            .map(debt)
            .fold(rate.period, Duration::saturating_add);
        budgets.siege.is_some_and(|limit| debt > limit)
    }

    /// Returns whether this network was told to come back, and did so in time.
    pub(super) fn has_waited(&self) -> bool {
        let asked = self.value(Row::Ask).and_then(moment);
        asked.is_some_and(|asked| (EARLIEST..=LATEST).contains(&self.now.saturating_since(asked)))
    }

    /// Returns whether this network was told to come back just now. To note it again would be one
    /// write for each request of a flood, and move the end of the wait by little.
    pub(super) fn was_just_told(&self) -> bool {
        let asked = self.value(Row::Ask).and_then(moment);
        asked.is_some_and(|asked| asked <= self.now && self.now.saturating_since(asked) < JUST_NOW)
    }

    fn counter(&self, row: Row) -> Option<Counter> {
        match self.rows[row as usize] {
            Some(Found::Counter(counter)) => Some(counter),
            _ => None,
        }
    }

    fn value(&self, row: Row) -> Option<&[u8]> {
        match &self.rows[row as usize] {
            Some(Found::Value(value)) => Some(value),
            _ => None,
        }
    }
}

/// Reads a moment out of a value.
fn moment(value: &[u8]) -> Option<Timestamp> {
    Some(Timestamp::from_millis(u64::from_be_bytes(
        value.try_into().ok()?,
    )))
}

/// The `Retry-After` of a network that is told to come back.
pub(super) const COME_BACK: Duration = Duration::from_secs(45);
/// When it may come back at the earliest: clocks differ, and clients round.
const EARLIEST: Duration = Duration::from_secs(35);
/// Below half of [`EARLIEST`], so that no pace of requests, however even, skips the new start of
/// the wait.
const JUST_NOW: Duration = Duration::from_secs(10);
/// When it may come back at the latest.
const LATEST: Duration = Duration::from_secs(135);

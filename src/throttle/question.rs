//! What the rule has to know of one attempt: which rows to read, and what was found in them.

use std::time::Duration;

use super::keys::{Kind, RowKeys, SHARDS};
use super::lanes::Budgets;
use super::mark::CheckedMark;
use super::places::Place;
use crate::clock::Timestamp;
use crate::store::{Counter, EphemeralKey, Found, Lane};

/// The rows that one attempt may need, beside those that count a siege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// Counts a known device.
    Mark,
    /// When the subject of the mark called its marks in.
    Since,
    /// Counts a known device that has used up its own row, at its network.
    MarkPair,
    Pair,
    /// Which network the name has logged in from.
    Familiar,
    /// Somebody has just logged in from this network.
    Good,
    /// When this network was told to come back for this name.
    Ask,
    /// Strangers and familiar networks count apart.
    StrangersNetwork,
    StrangersBlock,
    FamiliarNetwork,
    FamiliarBlock,
    Home,
    Open,
    Spent,
    Back,
    /// It is charged after a success only, and never read.
    Credit,
    /// The shard of this network.
    Siege,
}

const ROWS: usize = Row::Siege as usize + 1;

/// One attempt: what is asked of the store.
#[derive(Clone, Debug)]
pub(super) struct Question {
    rows: [Option<EphemeralKey>; ROWS],
    pub(super) place: Option<Place>,
    pub(super) mark: Option<CheckedMark>,
    /// How a value names the block and the network.
    pub(super) tags: [[u8; 8]; 2],
}

impl Question {
    /// Lists the rows of an attempt at this name, which is folded.
    pub(super) fn new(
        keys: &RowKeys,
        name: &str,
        place: Option<Place>,
        mark: Option<CheckedMark>,
    ) -> Self {
        use Kind::{Exact, Slot};
        let name = name.as_bytes();
        let mut question = Self {
            rows: [None; ROWS],
            place,
            mark,
            tags: [[0; 8]; 2],
        };
        let mut add = |row: Row, kind, fields: &[&[u8]]| {
            question.rows[row as usize] = Some(keys.row(kind, fields));
        };
        if let Some(mark) = &mark {
            add(Row::Mark, Exact(*b"thMk"), &[&mark.id]);
            add(Row::Since, SINCE, &[&mark.subject_tag]);
        }
        add(Row::Open, Slot(*b"thOp"), &[name]);
        let Some(place) = &place else {
            return question;
        };
        let (network, block) = (place.network(), place.block());
        let tags = [keys.tag(*b"thBt", block), keys.tag(*b"thNt", network)];
        if let Some(mark) = &mark {
            add(Row::MarkPair, Slot(*b"thMP"), &[name, network, &mark.id]);
        }
        add(Row::Pair, Slot(*b"thPr"), &[name, network]);
        // At most eight networks of a name are familiar.
        add(Row::Familiar, Exact(*b"thFm"), &[name, &[tags[0][0] % 8]]);
        add(Row::Good, Slot(*b"thGd"), &[network]);
        add(Row::Ask, Slot(*b"thAk"), &[name, network]);
        add(Row::StrangersNetwork, Slot(*b"thNs"), &[network]);
        add(Row::StrangersBlock, Slot(*b"thBs"), &[block]);
        add(Row::FamiliarNetwork, Slot(*b"thNf"), &[network]);
        add(Row::FamiliarBlock, Slot(*b"thBf"), &[block]);
        add(Row::Home, Slot(*b"thHm"), &[name, block]);
        add(Row::Spent, Slot(*b"thSp"), &[name, place.realm()]);
        add(Row::Back, Slot(*b"thBk"), &[name]);
        add(Row::Credit, Slot(*b"thCr"), &[name]);
        let shard = usize::from(tags[1][0]) % SHARDS;
        question.rows[Row::Siege as usize] = Some(keys.siege()[shard]);
        question.tags = tags;
        question
    }

    /// Returns the key of a row, if this attempt has one.
    pub(super) fn key(&self, row: Row) -> Option<EphemeralKey> {
        self.rows[row as usize]
    }

    /// Returns what to read, in one trip: the rows, then those that count a siege.
    pub(super) fn keys(&self, keys: &RowKeys) -> Vec<EphemeralKey> {
        let siege = if self.place.is_some() {
            &keys.siege()[..]
        } else {
            &[]
        };
        self.read().chain(siege.iter().copied()).collect()
    }

    /// Takes what was found at [`keys`](Self::keys), in their order. It is `None` if that is not
    /// one answer for each: what is not known must not look like an empty row.
    pub(super) fn answered(&self, found: Vec<Option<Found>>, now: Timestamp) -> Option<Answer<'_>> {
        let siege = if self.place.is_some() { SHARDS } else { 0 };
        if found.len() != self.read().count() + siege {
            return None;
        }
        let mut found = found.into_iter();
        let mut rows = [const { None }; ROWS];
        for (at, row) in rows.iter_mut().enumerate().take(Row::Credit as usize) {
            if self.rows[at].is_some() {
                *row = found.next().flatten();
            }
        }
        Some(Answer {
            question: self,
            rows,
            siege: found.flatten().collect(),
            now,
        })
    }

    fn read(&self) -> impl Iterator<Item = EphemeralKey> {
        self.rows[..Row::Credit as usize].iter().copied().flatten()
    }
}

/// The row that says when a subject called its marks in.
pub(super) const SINCE: Kind = Kind::Exact(*b"thSi");

/// One attempt: what the store has answered.
#[derive(Clone, Debug)]
pub(super) struct Answer<'q> {
    pub(super) question: &'q Question,
    rows: [Option<Found>; ROWS],
    siege: Vec<Found>,
    pub(super) now: Timestamp,
}

/// How well a name knows a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Familiarity {
    Stranger,
    /// Another address of its block.
    Block,
    Network,
}

impl Answer<'_> {
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

    pub(super) fn familiarity(&self) -> Familiarity {
        let [block, network] = &self.question.tags;
        match self.value(Row::Familiar) {
            Some(value) if value.get(..8) != Some(block) => Familiarity::Stranger,
            Some(value) if value.get(8..16) == Some(network) => Familiarity::Network,
            Some(_) => Familiarity::Block,
            None => Familiarity::Stranger,
        }
    }

    /// Returns when the name last logged in from this very network, as far as is noted.
    pub(super) fn familiar_since(&self) -> Option<Timestamp> {
        let value = self.value(Row::Familiar)?;
        (self.familiarity() == Familiarity::Network)
            .then(|| moment(value.get(16..)?))
            .flatten()
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
        budgets.siege.is_some_and(|limit| debt > limit) && self.value(Row::Good).is_none()
    }

    /// Returns whether this network was told to come back, and did so in time.
    pub(super) fn has_waited(&self) -> bool {
        let asked = self.value(Row::Ask).and_then(moment);
        asked.is_some_and(|asked| (EARLIEST..=LATEST).contains(&self.now.saturating_since(asked)))
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
/// When it may come back at the latest.
const LATEST: Duration = Duration::from_secs(135);

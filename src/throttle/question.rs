//! The rows of one attempt: which of them to read.

use super::keys::{Kind, RowKeys, SHARDS, since};
use super::mark::CheckedMark;
use super::places::Place;
use crate::store::EphemeralKey;

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
    /// This network has had a success today.
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

pub(super) const ROWS: usize = Row::Siege as usize + 1;

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
    /// Lists the rows of an attempt. `counted` says which counters a name has, and `typed` is the
    /// name itself.
    pub(super) fn new(
        keys: &RowKeys,
        counted: &str,
        typed: &str,
        place: Option<Place>,
        mark: Option<CheckedMark>,
    ) -> Self {
        use Kind::{Exact, Slot};
        let name = counted.as_bytes();
        let mut question = Self {
            rows: [None; ROWS],
            place,
            mark,
            tags: [[0; 8]; 2],
        };
        question.rows[Row::Since as usize] = mark.as_ref().map(|mark| since(mark.subject_tag));
        let mut add = |row: Row, kind, fields: &[&[u8]]| {
            question.rows[row as usize] = Some(keys.row(kind, fields));
        };
        if let Some(mark) = &mark {
            add(Row::Mark, Exact(*b"thMk"), &[&mark.id]);
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
        add(
            Row::Familiar,
            Exact(*b"thFm"),
            &[typed.as_bytes(), &[tags[0][0] % 8]],
        );
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
        self.read()
            .map(|(_, key)| key)
            .chain(siege.iter().copied())
            .collect()
    }

    /// Returns the rows to read, in their order.
    pub(super) fn read(&self) -> impl Iterator<Item = (usize, EphemeralKey)> {
        let rows = self.rows[..Row::Credit as usize].iter().enumerate();
        rows.filter_map(|(at, key)| Some((at, (*key)?)))
    }
}

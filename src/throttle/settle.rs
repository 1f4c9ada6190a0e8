//! What a verdict changes in the store.
//!
//! | verdict | counters | notes |
//! |---|---|---|
//! | wrong, or the request was dropped | the charge stays | |
//! | right | each gets its own charge back | this network is familiar, once a day |
//! | right, without a mark, and `credit` takes | `network`, `block` and `siege` get a fifth more | this network has had a success today |
//! | valid but not finished, such as a second factor that is still missing | each gets its own charge back | |
//! | unavailable: the password could not be checked | the same | |
//!
//! A success never clears a counter: an attacker who logs in to an account of their own would clear
//! the counters of their network.

use std::time::Duration;

use super::lanes::{Budgets, DAY};
use super::question::{Question, Row};
use crate::clock::Timestamp;
use crate::store::{Charge, EphemeralKey, Refund};

/// A charge that was taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    pub(super) row: Row,
    pub(super) charge: Charge,
}

/// A value to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Note {
    pub(super) key: EphemeralKey,
    pub(super) value: Vec<u8>,
    pub(super) lifetime: Duration,
}

/// Returns each charge as a refund. With `credit` a success counts for its network too.
pub(super) fn refunds(taken: &[Taken], credit: bool) -> Vec<Refund> {
    let refund = |taken: &Taken| {
        let Charge { key, lane } = taken.charge;
        let more = |period: Duration| match taken.row {
            Row::StrangersNetwork
            | Row::StrangersBlock
            | Row::FamiliarNetwork
            | Row::FamiliarBlock
            | Row::Siege
                if credit =>
            {
                period + period / 5
            }
            _ => period,
        };
        Refund {
            key,
            fast: more(lane.fast.period),
            slow: more(lane.slow.period),
        }
    };
    taken.iter().map(refund).collect()
}

/// Returns the notes of a success. `noted` is when the network was last noted as familiar.
pub(super) fn notes(
    budgets: &Budgets,
    question: &Question,
    noted: Option<Timestamp>,
    credit: bool,
    now: Timestamp,
) -> Vec<Note> {
    let [block, network] = question.tags;
    let at = now.as_millis().to_be_bytes();
    let is_fresh = noted.is_some_and(|noted| now.saturating_since(noted) < DAY);
    let familiar = question
        .key(Row::Familiar)
        .filter(|_| !is_fresh)
        .map(|key| Note {
            key,
            value: [block, network, at].concat(),
            lifetime: budgets.familiar,
        });
    let good = question.key(Row::Good).filter(|_| credit).map(|key| Note {
        key,
        value: Vec::new(),
        lifetime: DAY,
    });
    familiar
        .filter(|note| !note.lifetime.is_zero())
        .into_iter()
        .chain(good)
        .collect()
}

/// Returns the note that a network was told to come back.
pub(super) fn ask(question: &Question, now: Timestamp) -> Option<Note> {
    let value = now.as_millis().to_be_bytes().to_vec();
    let lifetime = Duration::from_secs(180);
    question.key(Row::Ask).map(|key| Note {
        key,
        value,
        lifetime,
    })
}

//! The rule of the throttle: which counters an attempt is charged to, or why it is refused.
//!
//! The rule is a pure function, without I/O, clock or randomness. The first line that fits decides.
//!
//! | who asks | condition | decision |
//! |---|---|---|
//! | a valid mark of this name | `mark` is free | charge `mark` |
//! | | `mark` is full | go on as without a mark, with a `pair` of its own |
//! | without an address | `open` is free, full | charge `open`; refuse |
//! | all others | `pair` is full | refuse |
//! | | `network` or `block` is full: strangers' or familiar ones', in a siege with its numbers | refuse |
//! | a familiar network | | charge `pair`, `network`, `block` |
//! | its block | `home` is free, full | charge them and `home`; refuse |
//! | a stranger in a siege | has not waited | note `ask`; refuse for 45 s |
//! | a stranger | `open` is free | charge them, `open` and `siege` |
//! | | `spent` is full | refuse |
//! | | has not waited | note `ask`; refuse for 45 s |
//! | | `back` is full | refuse |
//! | | | charge them, `spent`, `back` and `siege` |
//!
//! A stranger has waited if the note `ask` is between 35 and 135 seconds old: asking early starts
//! the wait again. A note that is less than 10 seconds old is not written anew.
//!
//! There is a siege for strangers whose network has had no success today.
//!
//! No rule can do more: if a quiet network's guess passes with the probability *p*, *p* guesses of
//! every such network pass. So known devices always pass, familiar networks pass unless the
//! attacker is in them, and an unknown network passes after one short wait, from a budget that is
//! dear to empty.

use std::time::Duration;

use super::error::ThrottledBy;
use super::lanes::Budgets;
use super::question::Row;
use super::seen::{COME_BACK, KnownNetwork, Seen};
use crate::store::Lane;

/// What happens to an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Charge these counters before the password is looked at.
    Charge(Vec<(Row, Lane)>),
    /// Refuse for so long. With `ask`, note that this network was told to come back.
    Refuse {
        wait: Duration,
        by: ThrottledBy,
        ask: bool,
    },
}

/// Decides what happens to an attempt. `named` are the lanes of its network and block, if the
/// application has named it.
pub(super) fn decide(budgets: &Budgets, named: Option<(Lane, Lane)>, seen: &Seen<'_>) -> Decision {
    let mut pair = Row::Pair;
    if seen.mark().is_some() {
        if seen.wait(Row::Mark, &budgets.mark).is_zero() {
            return Decision::Charge(vec![(Row::Mark, budgets.mark)]);
        }
        pair = Row::MarkPair;
    }
    let open = seen.wait(Row::Open, &budgets.open);
    if seen.question.place.is_none() {
        return match open {
            Duration::ZERO => Decision::Charge(vec![(Row::Open, budgets.open)]),
            wait => refuse(wait, ThrottledBy::Open),
        };
    }

    let known = seen.network();
    let is_stranger = known == KnownNetwork::No;
    let is_siege = is_stranger && seen.is_held_by_siege(budgets);
    let (network, block) = match named {
        Some(named) => named,
        None if is_siege => (budgets.network_in_siege, budgets.block_in_siege),
        None => (budgets.network, budgets.block),
    };
    let (network_row, block_row) = if is_stranger {
        (Row::StrangersNetwork, Row::StrangersBlock)
    } else {
        (Row::FamiliarNetwork, Row::FamiliarBlock)
    };

    let wait = seen.wait(pair, &budgets.pair);
    if !wait.is_zero() {
        return refuse(wait, ThrottledBy::Pair);
    }
    let wait = seen
        .wait(network_row, &network)
        .max(seen.wait(block_row, &block));
    if !wait.is_zero() {
        return refuse(wait, ThrottledBy::Network);
    }
    let mut charges = vec![
        (pair, budgets.pair),
        (network_row, network),
        (block_row, block),
    ];
    match known {
        KnownNetwork::Yes => return Decision::Charge(charges),
        KnownNetwork::InBlock => {
            charges.push((Row::Home, budgets.home));
            return match seen.wait(Row::Home, &budgets.home) {
                Duration::ZERO => Decision::Charge(charges),
                wait => refuse(wait, ThrottledBy::Home),
            };
        }
        KnownNetwork::No => {}
    }

    let has_waited = seen.has_waited();
    if is_siege && !has_waited {
        return come_back(ThrottledBy::Siege, seen);
    }
    if open.is_zero() {
        charges.push((Row::Open, budgets.open));
    } else {
        if !seen.wait(Row::Spent, &budgets.spent).is_zero() {
            return refuse(open, ThrottledBy::Spent);
        }
        if !has_waited {
            return come_back(ThrottledBy::Open, seen);
        }
        let wait = seen.wait(Row::Back, &budgets.back);
        if !wait.is_zero() {
            return refuse(wait, ThrottledBy::Back);
        }
        charges.extend([(Row::Spent, budgets.spent), (Row::Back, budgets.back)]);
    }
    charges.push((Row::Siege, budgets.siege_shard));
    Decision::Charge(charges)
}

fn refuse(wait: Duration, by: ThrottledBy) -> Decision {
    Decision::Refuse {
        wait,
        by,
        ask: false,
    }
}

fn come_back(by: ThrottledBy, seen: &Seen<'_>) -> Decision {
    Decision::Refuse {
        wait: COME_BACK,
        by,
        ask: !seen.was_just_told(),
    }
}

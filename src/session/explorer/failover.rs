//! A failover to a replica that lags: the store forgets its last writes at any moment. There are
//! two nodes, and the row and the feed may be on two servers, so that each is set back without the
//! other.
//!
//! **Promised:** a node that knows of a revocation issues no tokens, and all nodes know of it a
//! unit after the failover, as long as one of them lives that knew. So the session is revived for
//! that unit at most. A thief is noticed as before, and a phone is not logged out.
//!
//! **An honest user is logged out only by** the loss of one of these:
//!
//! - the insert of the session;
//! - a write that only opened the overlap again, for a client of several tabs.
//!
//! The loss of generations and of receipts logs nobody out.
//!
//! **For that** the clean-up ends the rows of all entries before the nodes forget them at the end
//! of the [retention](crate::store::REVOCATION_RETENTION). Where the row has lost a revocation and
//! the feed has not, no node misses it, so none asserts it, and only a refresh would end the row.

use super::law::Law;
use super::restored::RESTORED_STORE;
use super::rules::{NODES_ASSERT_NOTHING, REAL, Rule};
use super::scenario::{Restarts, Scenario};
use super::scenarios::THIEF;
use super::search::{caught, holds};

/// A session that is logged out at any moment. One node lives, and the other restarts.
pub(super) const LAGGING_REPLICA: Scenario = Scenario {
    generations: 2,
    logout: true,
    clocks: &[0, 0],
    feed: true,
    feed_apart: true,
    set_back: 1,
    loses_openings: true,
    loses_revocations: true,
    restarts: Restarts::AllButOne,
    laws: &[
        Law::NothingIsRevivedForLong,
        Law::EveryNodeHears,
        Law::NobodyHonestIsRefused,
        Law::NobodyHonestIsAccused,
        Law::RevisionsCount,
    ],
    ..Scenario::BASE
};

/// Two failovers.
const TWO_FAILOVERS: Scenario = Scenario {
    at_once: true,
    set_back: 2,
    ..LAGGING_REPLICA
};

/// No answer is lost, or there would be too many worlds.
pub(super) const LAGGING_THIEF: Scenario = Scenario {
    generations: 2,
    logout: false,
    losses: false,
    at_once: true,
    laws: &[
        Law::UsedCopiesEndIt,
        Law::NothingIsRevivedForLong,
        Law::EveryNodeHears,
        Law::RevisionsCount,
    ],
    thief: THIEF.thief,
    thief_uses: THIEF.thief_uses,
    ..LAGGING_REPLICA
};

/// Two tabs, and receipts are lost beside generations.
const LOST_RECEIPTS: Scenario = Scenario {
    set_back: 1,
    generations: 2,
    loses_receipts: true,
    laws: &[Law::NobodyHonestIsRefused, Law::NobodyHonestIsAccused],
    ..RESTORED_STORE
};

/// The session is not used for longer than the nodes and the feed remember.
const RETENTION: Scenario = Scenario {
    at_once: true,
    retention: true,
    ..LAGGING_REPLICA
};

/// It deletes the row of an old entry only if the row is revoked too.
const THE_CLEAN_UP_LEAVES_ROWS: Rule = Rule {
    ends_rows: false,
    ..REAL
};

#[test]
fn a_failover_revives_a_session_for_a_moment_at_most() {
    let met = &[
        "rotate", "coalesce", "repeat", "recover", "heal", "refuse", "race", "set back", "assert",
    ];
    holds("a lagging replica", &LAGGING_REPLICA, &REAL, 100_000, met);
    let met = &["rotate", "heal", "refuse", "set back", "assert"];
    holds("two failovers", &TWO_FAILOVERS, &REAL, 10_000, met);
}

#[test]
fn a_thief_is_noticed_after_a_failover_too() {
    let met = &["rotate", "recover", "heal", "reuse", "set back", "assert"];
    holds("a lagging thief", &LAGGING_THIEF, &REAL, 10_000, met);
}

#[test]
fn a_failover_that_loses_generations_and_receipts_logs_nobody_out() {
    let met = &[
        "rotate", "coalesce", "repeat", "recover", "heal", "set back",
    ];
    holds("lost receipts", &LOST_RECEIPTS, &REAL, 5000, met);
    let raced = Scenario {
        at_once: false,
        losses: false,
        ..LOST_RECEIPTS
    };
    let met = &["rotate", "coalesce", "repeat", "heal", "set back", "race"];
    holds("lost receipts, raced", &raced, &REAL, 10_000, met);
}

#[test]
fn a_row_that_lost_its_revocation_alone_does_not_outlive_the_entry() {
    let met = &["heal", "refuse", "set back", "assert", "forget"];
    holds("the retention passes", &RETENTION, &REAL, 10_000, met);
}

#[test]
fn a_clean_up_that_leaves_the_rows_of_its_entries_is_caught() {
    caught(
        "the clean-up leaves rows",
        &RETENTION,
        &THE_CLEAN_UP_LEAVES_ROWS,
        Law::NothingIsRevivedForLong,
    );
    // It would be enough where the row and the feed are set back together.
    let together = Scenario {
        feed_apart: false,
        ..RETENTION
    };
    let met = &["heal", "refuse", "set back", "assert", "forget"];
    holds(
        "row and feed together",
        &together,
        &THE_CLEAN_UP_LEAVES_ROWS,
        5000,
        met,
    );
}

#[test]
fn a_node_that_conceals_what_the_feed_lost_is_caught() {
    caught(
        "a lost entry",
        &LAGGING_REPLICA,
        &NODES_ASSERT_NOTHING,
        Law::EveryNodeHears,
    );
}

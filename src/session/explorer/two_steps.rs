//! A revocation in two steps: a server enters it into the feed, and then another ends the row. The
//! node may crash in between, the second call may be lost, and nodes pull and clients refresh
//! between the two.
//!
//! **Promised:** once the revocation is acknowledged, no refresh is answered that finds the row
//! later. A node that has heard of it answers nothing, acknowledged or not: a refresh there ends
//! the row, as the second step does. A logout that failed and is asked for again is complete. This
//! holds through a failover too.
//!
//! A logout that failed after its first step is not undone: nodes refuse the session, and the next
//! refresh or clean-up ends the row.
//!
//! The other order, first the row and then the feed, breaks a law: if the second step is lost, a
//! repeated logout finds the row revoked, and the other nodes never hear.

use super::failover::{LAGGING_REPLICA, LAGGING_THIEF};
use super::law::Law;
use super::rules::{REAL, Rule};
use super::scenario::Scenario;
use super::search::{caught, holds};

/// The store keeps its writes.
const TWO_STEPS: Scenario = Scenario {
    two_steps: true,
    set_back: 0,
    laws: &[
        Law::LogoutIsFinal,
        Law::EveryNodeHears,
        Law::NobodyHonestIsRefused,
        Law::NobodyHonestIsAccused,
        Law::RevisionsCount,
    ],
    ..LAGGING_REPLICA
};

/// The row, the feed, or both are set back.
const SET_BACK: Scenario = Scenario {
    two_steps: true,
    at_once: true,
    ..LAGGING_REPLICA
};

const NOTICED_THIEF: Scenario = Scenario {
    two_steps: true,
    ..LAGGING_THIEF
};

const THE_ROW_COMES_FIRST: Rule = Rule {
    enters_first: false,
    ..REAL
};

#[test]
fn a_logout_in_two_steps_is_final_once_it_is_acknowledged() {
    let met = &[
        "rotate",
        "repeat",
        "recover",
        "refuse",
        "race",
        "end by half",
    ];
    holds("two steps", &TWO_STEPS, &REAL, 10_000, met);
}

#[test]
fn a_failover_between_the_two_steps_revives_a_session_for_a_moment_at_most() {
    let met = &["heal", "refuse", "set back", "assert", "end by half"];
    holds("two steps, set back", &SET_BACK, &REAL, 10_000, met);
}

#[test]
fn a_theft_that_is_noticed_ends_the_session_in_two_steps_too() {
    let met = &["rotate", "heal", "reuse", "set back", "assert"];
    holds("two steps, a thief", &NOTICED_THIEF, &REAL, 10_000, met);
}

#[test]
fn a_logout_that_ends_the_row_first_may_never_be_heard_of() {
    caught(
        "the row comes first",
        &TWO_STEPS,
        &THE_ROW_COMES_FIRST,
        Law::EveryNodeHears,
    );
}

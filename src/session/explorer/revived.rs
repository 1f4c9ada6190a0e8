//! A store that is set back to before a revocation, and what the nodes know of it.
//!
//! **Promised:** a node that knows of the revocation issues no tokens, whatever the store says, and
//! tells the store. If every node had heard of it before (which takes a second), the restore
//! revives nothing. If one node has heard, the others revive the session for as long as that node
//! takes to assert it and they take to pull: one unit here, at most twice the pull interval.
//!
//! **Not promised:**
//!
//! - If no node knows of the revocation, the session lives again. Nodes forget it when they
//!   restart, and when the [retention](crate::store::REVOCATION_RETENTION) has passed. Then only
//!   the stamp is left: see `password`.
//! - A refresh that found the row before the logout, and writes nothing (a repeat, or a coalesced
//!   reply), is still answered by a node that has not heard. Its refresh token is dead, and its
//!   access token passes until that node has heard.

use super::law::Law;
use super::rules::REAL;
use super::scenario::{Restarts, Scenario};
use super::scenarios::THIEF;
use super::search::{caught, holds};

pub(super) const ONE_NODE: Scenario = Scenario {
    generations: 2,
    logout: true,
    set_back: 1,
    loses_openings: true,
    loses_revocations: true,
    feed: true,
    laws: &[
        Law::LogoutIsFinal,
        Law::NothingIsAnsweredAfterALogout,
        Law::NobodyHonestIsRefused,
        Law::NobodyHonestIsAccused,
        Law::RevisionsCount,
    ],
    ..Scenario::BASE
};

/// The store is set back when both nodes have heard.
const TWO_NODES: Scenario = Scenario {
    clocks: &[0, 0],
    heard: true,
    laws: &[
        Law::LogoutIsFinal,
        Law::NobodyHonestIsRefused,
        Law::NobodyHonestIsAccused,
        Law::RevisionsCount,
    ],
    ..ONE_NODE
};

/// The store is set back when one node has heard, or the other restarts.
pub(super) const ONE_KNOWS: Scenario = Scenario {
    heard: false,
    restarts: Restarts::AllButOne,
    laws: &[
        Law::NothingIsRevivedForLong,
        Law::NobodyHonestIsRefused,
        Law::NobodyHonestIsAccused,
        Law::RevisionsCount,
    ],
    ..TWO_NODES
};

/// A theft that was noticed stays so.
const NOTICED_THIEF: Scenario = Scenario {
    at_once: true,
    set_back: 1,
    loses_openings: true,
    loses_revocations: true,
    feed: true,
    laws: &[
        Law::LogoutIsFinal,
        Law::UsedCopiesEndIt,
        Law::RevisionsCount,
    ],
    ..THIEF
};

#[test]
fn a_restore_revives_nothing_that_every_node_has_heard_of() {
    let met = &[
        "rotate", "coalesce", "repeat", "recover", "refuse", "race", "set back", "assert",
    ];
    holds("revived, one node", &ONE_NODE, &REAL, 10_000, met);
    holds("revived, two nodes", &TWO_NODES, &REAL, 10_000, met);
    let met = &[
        "rotate", "coalesce", "repeat", "reuse", "refuse", "set back", "assert",
    ];
    holds(
        "revived, a noticed thief",
        &NOTICED_THIEF,
        &REAL,
        10_000,
        met,
    );
}

#[test]
fn a_restore_revives_for_a_moment_what_one_node_has_heard_of() {
    let met = &[
        "rotate", "coalesce", "repeat", "recover", "refuse", "race", "set back", "assert",
    ];
    holds("revived, one knows", &ONE_KNOWS, &REAL, 10_000, met);
}

// The tests below show what is not promised.

#[test]
fn a_node_that_has_not_heard_revives_a_session_for_a_moment() {
    caught(
        "revived, one does not know",
        &ONE_KNOWS,
        &REAL,
        Law::LogoutIsFinal,
    );
}

#[test]
fn a_restore_revives_what_no_node_knows() {
    let forgotten = Scenario {
        restarts: Restarts::All,
        ..ONE_KNOWS
    };
    caught(
        "revived, nobody knows",
        &forgotten,
        &REAL,
        Law::NothingIsRevivedForLong,
    );
}

#[test]
fn a_node_that_has_not_heard_still_answers_what_was_under_way() {
    caught(
        "under way at another node",
        &TWO_NODES,
        &REAL,
        Law::NothingIsAnsweredAfterALogout,
    );
}

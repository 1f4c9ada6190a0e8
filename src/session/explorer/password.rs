//! A password changes at any moment: the application commits another stamp and then logs out
//! everywhere, and anything may happen in between.
//!
//! **Promised:** a request with a row from before, or one that inserts it after, gets nothing once
//! the stamp has changed, if the application is asked later than that. After the logout from
//! everywhere no refresh finds the session alive: not if it was a login that the logout did not
//! see, not if the store is set back to any earlier state and every node has forgotten, and not for
//! a thief. No honest client raises an alarm.
//!
//! **Not promised:** that requests under way are refused. The application granted them before the
//! change, so they are answered. After the logout a refresh that has to write fails, and on the
//! node of the logout every other refresh fails too. On another node a refresh that writes nothing
//! is answered until that node has heard of the logout. A login is answered too. These tokens
//! belong to a revoked session: no refresh accepts them, and neither does a node that has heard.

use super::law::Law;
use super::rules::REAL;
use super::scenario::{Restarts, Scenario};
use super::search::{caught, holds};

/// Two nodes. No answer is lost, or there would be too many worlds.
pub(super) const PASSWORD_CHANGE: Scenario = Scenario {
    tabs: 2,
    generations: 2,
    password: true,
    feed: true,
    clocks: &[0, 0],
    losses: false,
    laws: &[
        Law::ThePasswordCounts,
        Law::LogoutIsFinal,
        Law::NobodyHonestIsRefused,
        Law::NobodyHonestIsAccused,
        Law::RevisionsCount,
    ],
    ..Scenario::BASE
};

/// Or they are lost, and the server works at once.
const AT_ONCE: Scenario = Scenario {
    at_once: true,
    losses: true,
    ..PASSWORD_CHANGE
};

/// The password changes during a login too.
pub(super) const LOGIN: Scenario = Scenario {
    tabs: 1,
    login: true,
    losses: true,
    ..PASSWORD_CHANGE
};

/// The one node forgets what it knew, and the store is set back to any state, to before the login
/// as well.
pub(super) const RESTORED_LOGIN: Scenario = Scenario {
    clocks: &[0],
    restarts: Restarts::All,
    set_back: 1,
    loses_openings: true,
    loses_revocations: true,
    laws: &[
        Law::ThePasswordCounts,
        Law::LogoutIsFinal,
        Law::NobodyHonestIsAccused,
        Law::RevisionsCount,
    ],
    ..LOGIN
};

/// A thief has a copy.
const THIEF: Scenario = Scenario {
    tabs: 1,
    thief: true,
    thief_uses: true,
    clocks: &[0],
    laws: &[
        Law::ThePasswordCounts,
        Law::LogoutIsFinal,
        Law::UsedCopiesEndIt,
        Law::RevisionsCount,
    ],
    ..PASSWORD_CHANGE
};

const RESTORED_THIEF: Scenario = Scenario {
    at_once: true,
    generations: 1,
    restarts: Restarts::All,
    set_back: 1,
    loses_openings: true,
    loses_revocations: true,
    laws: &[
        Law::ThePasswordCounts,
        Law::UsedCopiesEndIt,
        Law::RevisionsCount,
    ],
    ..THIEF
};

#[test]
fn nobody_who_asks_after_a_change_of_password_gets_tokens() {
    let met = &["rotate", "coalesce", "repeat", "refuse"];
    let seen = holds("a change of password", &PASSWORD_CHANGE, &REAL, 10_000, met);
    assert!(seen.met.contains_key("race"));
    holds("a change of password, at once", &AT_ONCE, &REAL, 5000, met);
    holds(
        "a change of password, a thief",
        &THIEF,
        &REAL,
        10_000,
        &["rotate", "repeat", "reuse", "refuse"],
    );
}

#[test]
fn a_login_that_was_under_way_does_not_survive_a_change_of_password() {
    holds(
        "a login",
        &LOGIN,
        &REAL,
        10_000,
        &[
            "log in", "rotate", "coalesce", "repeat", "recover", "refuse", "race",
        ],
    );
}

#[test]
fn a_session_that_a_restore_brought_back_does_not_survive_a_change_of_password() {
    let met = &[
        "log in", "rotate", "coalesce", "repeat", "recover", "refuse", "set back",
    ];
    holds("a restored login", &RESTORED_LOGIN, &REAL, 10_000, met);
    holds(
        "a restored password, a thief",
        &RESTORED_THIEF,
        &REAL,
        10_000,
        &["rotate", "repeat", "reuse", "refuse", "set back"],
    );
}

// The tests below show what is not promised.

#[test]
fn what_was_under_way_at_a_logout_from_everywhere_may_be_answered() {
    let underway = Scenario {
        login: false,
        ..LOGIN
    };
    caught(
        "under way, a refresh",
        &underway,
        &REAL,
        Law::NothingIsAnsweredAfterALogout,
    );
    let one_node = Scenario {
        clocks: &[0],
        ..LOGIN
    };
    caught(
        "under way, a login",
        &one_node,
        &REAL,
        Law::NothingIsAnsweredAfterALogout,
    );
}

#[test]
fn on_the_node_of_the_logout_no_refresh_is_answered_any_more() {
    let laws = &[Law::NothingIsAnsweredAfterALogout, Law::ThePasswordCounts];
    let one_node = Scenario {
        clocks: &[0],
        login: false,
        laws,
        ..LOGIN
    };
    holds(
        "under way at the same node",
        &one_node,
        &REAL,
        1000,
        &["rotate", "coalesce", "repeat", "refuse"],
    );
}

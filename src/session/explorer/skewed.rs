//! Nodes whose clocks differ. A row that one of them wrote is read by the other, so its times may
//! be in the future.
//!
//! For a node that is behind the overlap lasts longer, and for a node that is ahead it ends sooner.
//! Either costs the difference once: honest clients stay logged in while **twice the round trip and
//! the clock skew take less than the overlap**. (`SessionPolicy` asks for a little more: both
//! together have to take less than half.) A phone alone is never logged out, whatever the clocks
//! say.
//!
//! A thief is noticed later by the difference, however large it is: a time that is too far in the
//! future is ignored until it is near enough, and the overlap lasts from then on.

use super::law::Law;
use super::rules::REAL;
use super::scenario::Scenario;
use super::scenarios::{PHONE, THIEF, TWO_TABS};
use super::search::{caught, holds};

/// As far apart as the law allows: 1 + 1 + 3 is less than 6.
pub(super) const SKEWED_CLOCKS: Scenario = Scenario {
    at_once: true,
    clocks: &[0, 3],
    ..TWO_TABS
};
const THREE_TABS: Scenario = Scenario {
    tabs: 3,
    ..SKEWED_CLOCKS
};
/// The server's work takes time too. No answer is lost, or there would be too many worlds.
const SLOW_SERVERS: Scenario = Scenario {
    at_once: false,
    losses: false,
    ..SKEWED_CLOCKS
};
/// Or they are lost, within a shorter overlap.
const CRASHES: Scenario = Scenario {
    at_once: false,
    overlap: 4,
    clocks: &[0, 1],
    ..TWO_TABS
};

/// One node is ten minutes ahead, which the rule ignores.
const FAR_APART: Scenario = Scenario {
    clocks: &[0, 10],
    generations: 2,
    // A rotation that was written ahead of time is followed by one that is due.
    laws: &[
        Law::NobodyHonestIsRefused,
        Law::NobodyHonestIsAccused,
        Law::LogoutIsFinal,
        Law::RevisionsCount,
    ],
    ..PHONE
};
/// One clock is ten minutes ahead, or right, each time that it is asked.
const JUMPING_CLOCK: Scenario = Scenario {
    jumps: true,
    ..FAR_APART
};

/// With clocks that are two units apart, a thief is noticed two units later.
const SKEWED_THIEF: Scenario = Scenario {
    at_once: true,
    clocks: &[0, 2],
    lenient: 2,
    ..THIEF
};
const SKEWED_THIEF_AND_SLOW_SERVERS: Scenario = Scenario {
    at_once: false,
    losses: false,
    ..SKEWED_THIEF
};

#[test]
fn nodes_whose_clocks_differ_log_nobody_out() {
    let met = &["rotate", "coalesce", "repeat", "recover"];
    holds("skewed clocks", &SKEWED_CLOCKS, &REAL, 5000, met);
    holds("skewed clocks, three tabs", &THREE_TABS, &REAL, 10_000, met);
    holds(
        "skewed clocks, slow servers",
        &SLOW_SERVERS,
        &REAL,
        10_000,
        &["rotate", "coalesce", "repeat", "race"],
    );
    holds(
        "skewed clocks, crashes",
        &CRASHES,
        &REAL,
        10_000,
        &["rotate", "coalesce", "repeat", "recover", "race"],
    );
}

#[test]
fn a_clock_that_is_far_ahead_logs_no_phone_out() {
    let met = &["rotate", "coalesce", "repeat", "recover"];
    holds("far apart", &FAR_APART, &REAL, 1000, met);
    holds("a jumping clock", &JUMPING_CLOCK, &REAL, 1000, met);
}

#[test]
fn a_thief_among_nodes_whose_clocks_differ_is_noticed_later_by_the_difference() {
    let met = &["rotate", "coalesce", "repeat", "recover", "reuse", "refuse"];
    holds("a thief, skewed clocks", &SKEWED_THIEF, &REAL, 10_000, met);
    holds(
        "a thief, skewed clocks, slow servers",
        &SKEWED_THIEF_AND_SLOW_SERVERS,
        &REAL,
        10_000,
        met,
    );
    let sooner = Scenario {
        lenient: 1,
        ..SKEWED_THIEF
    };
    caught(
        "a thief, skewed clocks, noticed sooner",
        &sooner,
        &REAL,
        Law::UsedCopiesEndIt,
    );
    let further = Scenario {
        clocks: &[0, 6],
        lenient: 5,
        ..SKEWED_THIEF
    };
    caught(
        "a thief, clocks far apart, noticed sooner",
        &further,
        &REAL,
        Law::UsedCopiesEndIt,
    );
}

// The tests below show that the searches above would notice a fault: without an assumption the law
// does not hold.

#[test]
fn clocks_that_are_too_far_apart_would_log_somebody_out() {
    for clocks in [&[0, 4], &[0, 6]] {
        let apart = Scenario {
            clocks,
            ..SKEWED_CLOCKS
        };
        caught(
            "clocks too far apart",
            &apart,
            &REAL,
            Law::NobodyHonestIsRefused,
        );
    }
    let apart = Scenario {
        clocks: &[0, 2],
        ..CRASHES
    };
    caught(
        "clocks too far apart, crashes",
        &apart,
        &REAL,
        Law::NobodyHonestIsRefused,
    );
}

//! Tests that thieves are noticed, and that a session that has ended stays so.

use super::law::Law;
use super::rules::REAL;
use super::scenario::Scenario;
use super::scenarios::*;
use super::search::{caught, holds};

#[test]
fn a_copy_whose_access_token_was_used_ends_the_session_at_the_next_honest_refresh() {
    let met = &["rotate", "coalesce", "repeat", "recover", "reuse", "refuse"];
    let seen = holds("a thief", &THIEF, &REAL, 10_000, met);
    assert!(seen.met.contains_key("race"));
    holds("a lasting thief", &LASTING_THIEF, &REAL, 10_000, met);
    holds("a thief among tabs", &THIEF_AMONG_TABS, &REAL, 10_000, met);
}

#[test]
fn a_thief_who_never_uses_an_access_token_ends_the_session_after_eight_generations() {
    holds(
        "a silent thief",
        &SILENT_THIEF,
        &REAL,
        10_000,
        &["rotate", "recover", "reuse", "refuse"],
    );
}

#[test]
fn without_an_overlap_every_second_use_is_theft() {
    let seen = holds(
        "strict single use",
        &STRICT,
        &REAL,
        1000,
        &["rotate", "reuse", "refuse"],
    );
    assert!(
        !["coalesce", "repeat", "recover"]
            .iter()
            .any(|word| seen.met.contains_key(word))
    );
}

#[test]
fn nothing_refreshes_after_a_logout_at_any_moment() {
    holds(
        "a logout",
        &LOGOUT,
        &REAL,
        10_000,
        &["rotate", "coalesce", "repeat", "recover", "refuse", "race"],
    );
}

#[test]
fn nothing_refreshes_a_session_that_is_over_and_no_access_token_outlives_it() {
    let met = &["rotate", "coalesce", "repeat", "recover", "refuse"];
    holds("ends", &ENDS, &REAL, 10_000, met);
    holds("ends, slow servers", &SLOW_ENDS, &REAL, 1000, met);
}

// The tests below show that the searches above would notice a fault: without an assumption the law
// does not hold.

#[test]
fn a_thief_who_is_always_within_the_overlap_goes_unnoticed() {
    let together = Scenario {
        apart: false,
        ..SHORT_SILENT_THIEF
    };
    caught("together", &together, &REAL, Law::UnusedCopiesEndIt);
}

#[test]
fn a_thief_costs_the_honest_client_the_session() {
    caught("with a thief", &THIEF, &REAL, Law::NobodyHonestIsRefused);
}

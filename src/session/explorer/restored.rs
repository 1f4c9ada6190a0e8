//! A store that is set back: a backup is restored, or a failover has lost writes. Each state that
//! the row ever had may come back, at any moment. Where it happens twice, the second time is to the
//! same state or to a later one.
//!
//! **Promised:** however many generations the store loses, and whatever else with them, honest
//! clients stay logged in: the client is ahead of the row, and the row follows. (For that, tabs
//! need the overlap that `skewed` states.) A phone alone survives the loss of anything. From then
//! on a thief is noticed as before.
//!
//! **Not promised:**
//!
//! - A write that only opened the overlap again makes no generation. If it is lost, no client is
//!   ahead of the row, the loss is not noticed, and one of two tabs may be logged out.
//! - A write that was under way may succeed on the row that was set back, with the time at which it
//!   was decided. Then the generation is a little older than the one that was lost, and a round
//!   trip may only take a third of the overlap, not half.
//! - A theft that the store has forgotten is noticed when the copies differ again, not before.
//! - A session that is younger than the backup is gone.

use super::law::Law;
use super::rules::REAL;
use super::scenario::Scenario;
use super::scenarios::{HALF_ANSWERS, PHONE, THIEF};
use super::search::{caught, holds};

/// Generations are lost, twice.
pub(super) const RESTORED_STORE: Scenario = Scenario {
    tabs: 2,
    at_once: true,
    set_back: 2,
    // Generations that the store lost are made again.
    laws: &[
        Law::NobodyHonestIsRefused,
        Law::NobodyHonestIsAccused,
        Law::LogoutIsFinal,
        Law::RevisionsCount,
    ],
    ..Scenario::BASE
};

/// Once, while another request is between find and replace. No answer is lost beside it.
const RESTORED_RACE: Scenario = Scenario {
    at_once: false,
    losses: false,
    set_back: 1,
    ..RESTORED_STORE
};

/// Once, among nodes whose clocks differ.
const RESTORED_SKEW: Scenario = Scenario {
    clocks: &[0, 1],
    set_back: 1,
    ..RESTORED_STORE
};

/// Anything is lost, twice.
const RESTORED_PHONE: Scenario = Scenario {
    generations: 3,
    set_back: 2,
    loses_openings: true,
    laws: RESTORED_STORE.laws,
    ..PHONE
};

const RESTORED_HALF_ANSWERS: Scenario = Scenario {
    generations: 3,
    set_back: 1,
    loses_openings: true,
    laws: RESTORED_STORE.laws,
    ..HALF_ANSWERS
};

/// Anything is lost except a revocation.
const RESTORED_THIEF: Scenario = Scenario {
    at_once: true,
    set_back: 1,
    loses_openings: true,
    laws: &[
        Law::UsedCopiesEndIt,
        Law::LogoutIsFinal,
        Law::RevisionsCount,
    ],
    ..THIEF
};

#[test]
fn a_store_that_loses_generations_logs_nobody_out() {
    let met = &[
        "rotate", "coalesce", "repeat", "recover", "heal", "set back",
    ];
    holds("a restored store", &RESTORED_STORE, &REAL, 10_000, met);
    holds(
        "a restored store, skewed clocks",
        &RESTORED_SKEW,
        &REAL,
        10_000,
        met,
    );
    let met = &["rotate", "coalesce", "repeat", "heal", "set back", "race"];
    holds(
        "a restored store, raced",
        &RESTORED_RACE,
        &REAL,
        10_000,
        met,
    );
}

#[test]
fn a_store_that_loses_anything_logs_no_phone_out() {
    let met = &[
        "rotate", "coalesce", "repeat", "recover", "heal", "set back", "race",
    ];
    holds("a restored phone", &RESTORED_PHONE, &REAL, 10_000, met);
    holds(
        "restored half answers",
        &RESTORED_HALF_ANSWERS,
        &REAL,
        10_000,
        met,
    );
}

#[test]
fn a_thief_is_noticed_after_a_restore_too() {
    let met = &[
        "rotate", "coalesce", "repeat", "recover", "heal", "reuse", "set back",
    ];
    holds("a restored thief", &RESTORED_THIEF, &REAL, 10_000, met);
}

// The tests below show what is not promised.

#[test]
fn a_store_that_loses_an_opened_overlap_can_log_somebody_honest_out() {
    for restored in [RESTORED_RACE, RESTORED_STORE] {
        let restored = Scenario {
            loses_openings: true,
            losses: true,
            generations: 2,
            ..restored
        };
        caught(
            "a lost opening",
            &restored,
            &REAL,
            Law::NobodyHonestIsRefused,
        );
    }
}

#[test]
fn a_write_that_was_under_way_at_a_restore_leaves_a_third_of_the_overlap() {
    let third = Scenario {
        overlap: 3,
        losses: true,
        generations: 2,
        ..RESTORED_RACE
    };
    caught(
        "a write under way at a restore",
        &third,
        &REAL,
        Law::NobodyHonestIsRefused,
    );
    holds(
        "a write under way at a restore, no answer lost",
        &Scenario {
            losses: false,
            ..third
        },
        &REAL,
        10_000,
        &["heal", "race"],
    );
}

#[test]
fn a_theft_that_the_store_has_forgotten_is_not_noticed_at_once() {
    let evident = Scenario {
        keeps_evidence: true,
        ..RESTORED_THIEF
    };
    caught("a forgotten theft", &evident, &REAL, Law::UsedCopiesEndIt);
}

#[test]
fn a_session_that_is_younger_than_the_backup_is_gone() {
    let young = Scenario {
        login: true,
        ..RESTORED_PHONE
    };
    caught("a young session", &young, &REAL, Law::NobodyHonestIsRefused);
}

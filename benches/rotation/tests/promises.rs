//! Each rule keeps what its own documentation promises, for a few users: `.ci/run` runs this. `run`
//! asserts the same for many.

use rotation::honest::Scenario;
use rotation::measure::{honest, thefts};
use rotation::rows::{self, Candidate};
use rotation::thief::Thief;

/// So few that a build without optimisation takes seconds.
const USERS: u64 = 3;

fn candidate(name: &str) -> &'static Candidate {
    let found = rows::all().find(|candidate| candidate.name == name);
    found.expect("there is such a rule")
}

#[test]
fn no_rule_loses_an_honest_session_where_it_promises_not_to() {
    for candidate in rows::all() {
        for &scenario in candidate.promises {
            let lost = honest(candidate, scenario, USERS, 5);
            assert_eq!(lost.sessions, 0, "{}, {scenario:?}", candidate.name);
        }
    }
}

#[test]
fn the_simulation_is_hard_enough_for_strict_single_use() {
    for scenario in Scenario::ALL {
        let lost = honest(candidate("tower-bearer, overlap 0"), scenario, USERS, 5);
        assert_eq!(lost.unlucky, USERS, "{scenario:?}");
    }
}

#[test]
fn an_app_that_is_killed_needs_its_key() {
    let unkeyed = candidate("tower-bearer (default)");
    assert!(honest(unkeyed, Scenario::Killed, USERS, 5).sessions > 0);
}

#[test]
fn every_thief_but_the_shadow_is_noticed() {
    for thief in Thief::ALL {
        let never = thefts(candidate("tower-bearer (default)"), thief, USERS, 5)
            .never()
            .share;
        let expected = if thief == Thief::Shadow { 1.0 } else { 0.0 };
        assert!(
            (never - expected).abs() < f64::EPSILON,
            "{thief:?}: {never}"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let tabs = |seed| honest(candidate("SuperTokens"), Scenario::Tabs, 5, seed);
    assert_eq!(tabs(5), tabs(5));
    assert_ne!(tabs(5), tabs(6));
}

#[test]
fn a_key_that_was_copied_with_the_token_delays_the_alarm() {
    let of = |name| thefts(candidate(name), Thief::Replay, 20, 5).after(0.5);
    let without = of("tower-bearer, clients with a key");
    let with = of("tower-bearer, and the thief has the key");
    assert!(with > without, "{with:?}, {without:?}");
    assert!(with.is_some());
}

#[test]
fn a_server_that_renders_pages_needs_sessions_without_receipts() {
    let unset = candidate("tower-bearer (default)");
    assert!(honest(unset, Scenario::Rendering, 10, 5).sessions > 0);
}

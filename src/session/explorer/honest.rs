//! Tests that no honest client is refused.

use super::law::Law;
use super::rules::REAL;
use super::scenario::Scenario;
use super::scenarios::*;
use super::search::{caught, holds};

const ALL: &[&str] = &["rotate", "coalesce", "repeat", "recover"];
const ALL_AND_RACES: &[&str] = &["rotate", "coalesce", "repeat", "recover", "race"];

#[test]
fn two_tabs_on_one_cookie_jar_never_log_each_other_out() {
    holds("two tabs", &TWO_TABS, &REAL, 10_000, ALL_AND_RACES);
    holds("two slow tabs", &TWO_SLOW_TABS, &REAL, 5000, ALL);
    let met = &["rotate", "coalesce", "repeat", "race"];
    holds(
        "two slow tabs and a slow server",
        &TWO_SLOW_TABS_AND_SERVER,
        &REAL,
        10_000,
        met,
    );
}

#[test]
fn three_tabs_on_one_cookie_jar_never_log_each_other_out() {
    holds("three tabs", &THREE_TABS, &REAL, 5000, ALL);
    holds("three slow tabs", &THREE_SLOW_TABS, &REAL, 10_000, ALL);
}

#[test]
fn an_application_that_takes_its_time_makes_no_tab_a_thief() {
    holds(
        "a slow application",
        &SLOW_APPLICATION,
        &REAL,
        100,
        &["rotate", "repeat", "race"],
    );
}

#[test]
fn a_crash_between_write_and_answer_costs_one_more_request() {
    holds("crashes", &CRASHES, &REAL, 10_000, ALL_AND_RACES);
}

#[test]
fn a_phone_whose_way_back_is_dead_comes_back_after_any_number_of_retries() {
    holds("a phone", &PHONE, &REAL, 10_000, ALL);
}

#[test]
fn a_phone_that_used_half_an_answer_is_known_by_its_idempotency_key() {
    holds("half answers", &HALF_ANSWERS, &REAL, 10_000, ALL);
}

// The tests below show that the searches above would notice a fault: without an assumption the law
// does not hold.

#[test]
fn a_round_trip_of_the_whole_overlap_would_log_somebody_out() {
    let slow = Scenario {
        round_trip: TWO_SLOW_TABS.overlap,
        ..TWO_SLOW_TABS
    };
    caught(
        "a round trip of W",
        &slow,
        &REAL,
        Law::NobodyHonestIsRefused,
    );
}

#[test]
fn a_client_that_keeps_an_answer_which_repeats_its_own_token_would_be_logged_out() {
    let careless = Scenario {
        stores_all: true,
        at_once: true,
        ..TWO_TABS
    };
    caught(
        "a careless client",
        &careless,
        &REAL,
        Law::NobodyHonestIsRefused,
    );
}

#[test]
fn half_an_answer_without_an_idempotency_key_looks_like_theft() {
    let unkeyed = Scenario {
        keyed: false,
        ..HALF_ANSWERS
    };
    caught(
        "half an answer without a key",
        &unkeyed,
        &REAL,
        Law::NobodyHonestIsRefused,
    );
}

#[test]
fn an_eighth_generation_in_a_row_is_not_recovered() {
    let unlucky = Scenario {
        generations: 8,
        ..PHONE
    };
    caught(
        "an eighth recovery",
        &unlucky,
        &REAL,
        Law::NobodyHonestIsRefused,
    );
}

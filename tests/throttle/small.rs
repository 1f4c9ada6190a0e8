//! The tables of the design, in small: fewer guesses, with the same result.
//!
//! What is expected was measured with the simulator that the design came with.

use tower_bearer::throttle::LoginThrottle;

use crate::crowds::{Beside, CARRIER, Crowd, In, OFFICE, crowd};
use crate::guessing::{
    afterwards, at_once, behind_the_owner, everything, hammer, in_turn, knowing, own_marks, slowly,
    stale, stolen_mark, whole_realm,
};
use crate::stuffing::{bursts, filling, patient_stuffing, stuffing};
use crate::world::World;

fn world() -> World {
    World::new(LoginThrottle::default())
}

#[test]
fn one_network_has_a_few_guesses_a_day() {
    let outcome = hammer(world(), 20.0).is(27, [100.0, 100.0, 100.0]);
    assert!(
        outcome.judged <= 30 && outcome.quiet_at_once >= 99.0,
        "{outcome:?}"
    );
}

#[test]
fn ten_thousand_networks_in_turn_share_a_budget() {
    let outcome = in_turn(world(), 10_000, 10_000, 0, 600.0).is(78, [100.0, 100.0, 100.0]);
    assert!(outcome.judged <= 300, "{outcome:?}");
}

#[test]
fn three_thousand_networks_in_turn_share_a_budget() {
    in_turn(world(), 3_000, 10_000, 0, 600.0).is(78, [100.0, 100.0, 100.0]);
}

#[test]
fn ten_networks_that_come_back_in_time_have_a_guess_each() {
    let outcome = in_turn(world(), 10, 14_400, 0, 600.0);
    assert!(
        outcome.judged <= 100 && outcome.quiet >= 99.0,
        "{outcome:?}"
    );
}

#[test]
fn clocks_that_differ_open_nothing() {
    in_turn(world(), 10_000, 10_000, 5, 600.0).is(78, [100.0, 100.0, 100.0]);
}

#[test]
fn ten_thousand_networks_that_know_the_rule_stay_below_300_a_day() {
    let outcome = knowing(world(), 10_000, 1.0, 600.0).is(222, [100.0, 4.3, 100.0]);
    assert!(outcome.judged <= 300, "{outcome:?}");
}

#[test]
fn forty_networks_that_know_the_rule_deny_nothing_for_a_week() {
    let outcome = knowing(world(), 40, 7.0, 600.0).is(405, [100.0, 100.0, 100.0]);
    assert!(outcome.quiet >= 99.0, "{outcome:?}");
}

#[test]
fn eighty_networks_that_know_the_rule_deny_little_for_a_week() {
    knowing(world(), 84, 7.0, 600.0).is(449, [100.0, 95.5, 100.0]);
}

#[test]
fn everything_at_once_stays_below_300_a_day() {
    // In the attacker's own network, which is the owner's, a new device hardly passes.
    let outcome = everything(world(), 60.0).is(294, [100.0, 3.6, 0.7]);
    assert!(outcome.judged <= 300, "{outcome:?}");
}

#[test]
fn a_slow_attacker_has_fifty_guesses_a_day() {
    let outcome = slowly(world(), 30.0).is(1_469, [100.0, 100.0, 100.0]);
    assert!(outcome.judged <= 1_600, "{outcome:?}");
}

#[test]
fn guesses_at_the_same_time_count() {
    let outcome = at_once(world()).is(30, [100.0, 100.0, 100.0]);
    assert!(outcome.judged <= 40, "{outcome:?}");
}

#[test]
fn a_thousand_processes_that_read_before_one_writes_share_a_budget() {
    assert_eq!(stale(world()).judged, 30);
}

#[test]
fn an_attacker_behind_the_owners_address_locks_no_known_device_out() {
    let outcome = behind_the_owner(world(), 60.0).is(27, [100.0, 100.0, 0.7]);
    assert!(outcome.judged <= 30, "{outcome:?}");
}

#[test]
fn a_stolen_mark_adds_a_few_guesses() {
    let outcome = stolen_mark(world(), 20.0).is(101, [100.0, 100.0, 100.0]);
    assert!(outcome.judged <= 130, "{outcome:?}");
}

#[test]
fn marks_of_other_accounts_add_nothing() {
    let outcome = own_marks(world(), 20.0).is(77, [100.0, 100.0, 100.0]);
    assert!(outcome.judged <= 130, "{outcome:?}");
}

#[test]
fn three_days_later_strangers_pass_at_once() {
    assert!(afterwards(world(), 5_000).quiet_at_once >= 99.0);
}

#[test]
fn a_whole_provider_of_ipv6_counts_as_one() {
    let outcome = whole_realm(world(), 1.0);
    assert!(
        outcome.judged <= 110 && outcome.quiet >= 99.0,
        "{outcome:?}"
    );
}

#[test]
fn one_network_tries_few_accounts() {
    let outcome = stuffing(world(), 1, 5_000, 1.0).is(779, [100.0, 100.0, 0.0]);
    assert!(
        outcome.judged <= 800 && outcome.quiet_at_once >= 99.0,
        "{outcome:?}"
    );
}

#[test]
fn ten_thousand_networks_try_few_accounts() {
    stuffing(world(), 10_000, 20_000, 0.1).is(3_439, [100.0, 99.3, 0.0]);
}

#[test]
fn networks_that_wait_try_accounts_slowly() {
    let outcome = patient_stuffing(world(), 100, 5_000, 0.1);
    assert!(outcome.quiet >= 95.0, "{outcome:?}");
}

#[test]
fn bursts_count() {
    let outcome = bursts(world(), 2);
    assert!(
        outcome.judged <= 5_600 && outcome.quiet >= 95.0,
        "{outcome:?}"
    );
}

#[test]
fn invented_names_make_no_more_rows_than_there_are_slots() {
    let settings = LoginThrottle::default().slots(12);
    let outcome = filling(World::new(settings), 20_000);
    // Strangers that fail make rows of five kinds. With 20 bits there are twice as many.
    assert!(outcome.rows <= (5 << 12) + 500, "{outcome:?}");
}

#[test]
fn an_office_gets_in_on_its_first_day() {
    let In { all, soon } = crowd(world(), OFFICE, Beside::Nothing);
    assert!(all == 100.0 && soon == 100.0);
}

#[test]
fn an_office_gets_in_during_a_siege() {
    let In { all, soon } = crowd(world(), OFFICE, Beside::Siege(2.0));
    assert!(all == 100.0 && soon >= 98.8);
}

/// Half an hour of a carrier, with many typos.
pub(crate) const BUSY_CARRIER: Crowd = Crowd {
    people: 6_000,
    a_minute: 200.0,
    minutes: 30.0,
    typos: 0.06,
    forgot: 10,
    ..CARRIER
};

#[test]
fn a_carriers_gateway_gets_in_on_its_first_day() {
    let In { all, soon } = crowd(world(), BUSY_CARRIER, Beside::Nothing);
    assert!(all == 100.0 && soon >= 99.0);
}

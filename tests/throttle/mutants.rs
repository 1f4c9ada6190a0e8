//! The rule without one of its parts: a scenario notices each.
//!
//! `small.rs` has the same scenarios with the whole rule.

use std::time::Duration;

use tower_bearer::store::{Lane, Rate};
use tower_bearer::throttle::{Budgets, LoginThrottle};

use crate::crowds::{Beside, crowd};
use crate::guessing::{afterwards, at_once, behind_the_owner, hammer, in_turn, knowing};
use crate::memory::Fault;
use crate::small::BUSY_CARRIER;
use crate::stuffing::stuffing;
use crate::world::World;

const FREE: Lane = Lane::new(Rate::UNLIMITED, Rate::UNLIMITED);
const CLOSED: Lane = Lane::new(Rate::UNLIMITED, Rate::new(0, Duration::from_secs(1)));

fn with(change: impl FnOnce(&mut Budgets)) -> World {
    let mut budgets = Budgets::default();
    change(&mut budgets);
    World::new(LoginThrottle::default().dangerous_budgets(budgets))
}

fn broken(fault: Fault) -> World {
    let world = with(|_| {});
    world.store.set_fault(Some(fault));
    world
}

#[test]
fn without_marks_an_attacker_behind_the_owners_address_locks_them_out() {
    let mut world = with(|_| {});
    world.forget_marks = true;
    assert!(behind_the_owner(world, 60.0).known < 99.9);
}

#[test]
fn without_pair_one_network_has_the_guesses_of_all() {
    assert!(hammer(with(|budgets| budgets.pair = FREE), 20.0).judged > 30);
}

#[test]
fn without_network_one_network_tries_many_accounts() {
    let world = with(|budgets| {
        budgets.network = FREE;
        budgets.block = FREE;
        budgets.network_in_siege = FREE;
        budgets.block_in_siege = FREE;
    });
    assert!(stuffing(world, 1, 5_000, 1.0).judged > 800);
}

#[test]
fn without_open_many_networks_have_many_guesses() {
    assert!(in_turn(with(|budgets| budgets.open = FREE), 10_000, 2_000, 0, 600.0).judged > 300);
}

#[test]
fn without_back_new_devices_are_locked_out() {
    assert!(
        in_turn(
            with(|budgets| budgets.back = CLOSED),
            10_000,
            2_000,
            0,
            600.0
        )
        .quiet
            < 95.0
    );
}

#[test]
fn without_spent_ten_networks_come_back_all_day() {
    assert!(in_turn(with(|budgets| budgets.spent = FREE), 10, 14_400, 0, 600.0).judged > 120);
}

#[test]
fn without_familiar_networks_many_networks_lock_new_devices_out_at_home() {
    let world = with(|budgets| budgets.familiar = Duration::ZERO);
    assert!(knowing(world, 10_000, 1.0, 600.0).familiar < 99.0);
}

#[test]
fn without_siege_many_networks_try_many_accounts() {
    let world = World::new(LoginThrottle::default().without_siege());
    assert!(stuffing(world, 10_000, 5_000, 0.1).judged > 4_900);
}

#[test]
fn without_credit_a_carriers_gateway_is_locked_out() {
    assert!(
        crowd(
            with(|budgets| budgets.credit = CLOSED),
            BUSY_CARRIER,
            Beside::Nothing
        )
        .soon
            < 99.0
    );
}

#[test]
fn a_charge_after_the_verdict_lets_guesses_at_the_same_time_through() {
    assert!(at_once(broken(Fault::Late)).judged > 40);
}

#[test]
fn a_success_that_clears_counters_gives_guesses_away() {
    assert!(knowing(broken(Fault::Cleared), 10_000, 1.0, 600.0).judged > 300);
}

#[test]
fn without_decay_an_attack_locks_new_devices_out_for_good() {
    let world = with(|budgets| {
        let for_ever = Duration::from_secs(10_000 * 24 * 3600);
        for lane in [
            &mut budgets.pair,
            &mut budgets.open,
            &mut budgets.back,
            &mut budgets.spent,
            &mut budgets.network,
            &mut budgets.block,
        ] {
            lane.slow.period = for_ever;
        }
    });
    assert!(afterwards(world, 2_000).quiet_at_once < 99.0);
}

#[test]
fn too_few_slots_let_strangers_use_up_what_is_not_theirs() {
    let world = World::new(LoginThrottle::default().slots(12));
    assert!(stuffing(world, 10_000, 20_000, 0.1).judged > 3_650);
}

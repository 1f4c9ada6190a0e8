//! The steps of the nodes, and of time.

use super::event::Event;
use super::rules::Rule;
use super::scenario::{Restarts, Scenario};
use super::step::{Steps, step};
use super::world::{Client, Doing, World};

/// The nodes hear of revocations, and assert them; then time passes.
pub(super) fn at_the_nodes(world: &World, scenario: &Scenario, rule: &Rule, steps: &mut Steps) {
    // A unit is longer than a call of the store.
    let mut in_step = world.halfway.is_none();
    if let Some(node) = world.halfway {
        second_step(world, node, scenario, rule, steps);
    }
    for node in (0..scenario.clocks.len()).filter(|_| scenario.feed) {
        if world.entered && !world.knows(node) {
            in_step = false;
            steps.push(step(world, Event::Pulls { node }, |next| {
                next.learns(node, scenario);
            }));
        }
        // A node compares the feed with what it knows when the store was set back.
        if rule.asserts && world.set_back > 0 && !world.entered && world.knows(node) {
            in_step = false;
            steps.push(step(world, Event::Asserts { node }, |next| {
                next.entered = true;
                next.row.revoke();
            }));
        }
        let others = world.knows & !(1 << node);
        let restarts = scenario.restarts == Restarts::All
            || (scenario.restarts == Restarts::AllButOne && others != 0);
        if restarts && world.knows(node) {
            steps.push(step(world, Event::Restarts { node }, |next| {
                // A node that starts reads the feed before it answers.
                next.knows = if next.entered { world.knows } else { others };
                for client in &mut next.clients {
                    if client.arrived.is_some_and(|arrival| arrival.node == node) {
                        client.doing = Doing::Nothing;
                    }
                }
            }));
        }
    }
    // A client that has waited for too long gives up first: that is a step of its own. A unit is
    // longer than the nodes take.
    let has_time = |client: &Client| match client.doing {
        Doing::Nothing => true,
        Doing::Found(_) => client.waits < scenario.round_trip,
        _ => client.waits < scenario.round_trip && !scenario.slow_application,
    };
    if in_step && world.clients.iter().all(has_time) {
        steps.push(step(world, Event::TimePasses, |next| next.tick(scenario)));
        if scenario.retention {
            forget(world, rule, steps);
        }
    }
}

fn second_step(world: &World, node: usize, scenario: &Scenario, rule: &Rule, steps: &mut Steps) {
    steps.push(step(world, Event::EndsCompletely { node }, |next| {
        next.ends_completely(node, scenario, rule);
    }));
    if scenario.losses {
        steps.push(step(world, Event::EndsByHalf { node }, |next| {
            next.halfway = None;
        }));
    }
}

/// The retention passes, in which no client does anything.
fn forget(world: &World, rule: &Rule, steps: &mut Steps) {
    let idle = world
        .clients
        .iter()
        .all(|client| client.doing == Doing::Nothing);
    if idle && world.entered {
        steps.push(step(world, Event::Forgets, |next| {
            next.row.exists &= !next.row.revoked && !rule.ends_rows;
            (next.entered, next.knows) = (false, 0);
            next.revived = next.revived.map(|_| 1);
            // A replica does not lag by a day.
            next.backup = None;
        }));
    }
}

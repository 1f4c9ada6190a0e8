//! The steps that are not requests: those of the user, of the store, and of the nodes.

use super::event::Event;
use super::rules::Rule;
use super::scenario::{Restarts, Scenario};
use super::step::{Steps, step};
use super::world::{Client, Doing, HONEST, THIEF, World};

pub(super) fn outside(world: &World, scenario: &Scenario, steps: &mut Steps) {
    if !world.logged_out && (scenario.logout || world.changed) {
        // With one node or the other. A logout from everywhere does not see a row that is inserted
        // later.
        for node in 0..if scenario.feed {
            scenario.clocks.len()
        } else {
            1
        } {
            steps.push(step(world, Event::LogsOut { node }, |next| {
                next.logged_out = true;
                if next.row.exists {
                    next.ends(node, scenario);
                }
            }));
        }
    }
    if scenario.password && !world.changed {
        steps.push(step(world, Event::ChangesPassword, |next| {
            next.changed = true;
        }));
    }
    if scenario.thief && world.jars[THIEF].token.is_none() && world.jars[HONEST].token.is_some() {
        steps.push(step(world, Event::Steals, |next| {
            next.jars[THIEF].token = next.jars[HONEST].token;
        }));
    }
    if world.set_back < scenario.set_back {
        backups(world, scenario, steps);
    }
}

/// Keeps a state to which the store may be set back. It is chosen while the row is in it, so it may
/// be any earlier state.
fn backups(world: &World, scenario: &Scenario, steps: &mut Steps) {
    let Some(backup) = world.backup else {
        if !world.row.revoked {
            steps.push(step(world, Event::BacksUp, |next| {
                next.backup = Some(next.row);
            }));
        }
        return;
    };
    let earlier = !backup.exists || backup.generation < world.row.generation;
    let heard = !scenario.heard || (0..scenario.clocks.len()).all(|node| world.knows(node));
    let may = if world.row.revoked {
        scenario.loses_revocations && heard
    } else {
        earlier || scenario.loses_openings
    };
    if !may {
        return;
    }
    let set_back = step(world, Event::SetsBack, |next| {
        next.row = backup;
        next.set_back += 1;
        next.revived = next.ended.then_some(0);
        if !scenario.keeps_evidence {
            next.jars.iter_mut().for_each(|jar| jar.outdone = None);
        }
    });
    // The next time it is set back to the same state, or to a later one.
    let later = step(&set_back.1, Event::SetsBack, |next| next.backup = None);
    steps.extend([set_back, later]);
}

/// The nodes hear of revocations, and assert them; then time passes.
pub(super) fn at_the_nodes(world: &World, scenario: &Scenario, rule: &Rule, steps: &mut Steps) {
    let mut in_step = true;
    for node in (0..scenario.clocks.len()).filter(|_| scenario.feed) {
        if world.row.revoked && !world.knows(node) {
            in_step = false;
            steps.push(step(world, Event::Pulls { node }, |next| {
                next.learns(node, scenario);
            }));
        }
        if rule.asserts && world.row.exists && !world.row.revoked && world.knows(node) {
            in_step = false;
            steps.push(step(world, Event::Asserts { node }, |next| {
                next.row.revoke();
            }));
        }
        let others = world.knows & !(1 << node);
        let restarts = scenario.restarts == Restarts::All
            || (scenario.restarts == Restarts::AllButOne && others != 0);
        if restarts && world.knows(node) {
            steps.push(step(world, Event::Restarts { node }, |next| {
                next.knows = others;
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
    }
}

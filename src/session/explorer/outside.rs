//! The steps of the user, of the thief, and of the store.

use super::event::Event;
use super::row::Row;
use super::rules::Rule;
use super::scenario::Scenario;
use super::step::{Steps, step};
use super::world::{HONEST, THIEF, World};

pub(super) fn outside(world: &World, scenario: &Scenario, rule: &Rule, steps: &mut Steps) {
    let failed = scenario.two_steps && world.halfway.is_none() && !world.ended;
    if (!world.logged_out || failed) && (scenario.logout || world.changed) {
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
                    next.ends(node, scenario, rule);
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
    if may_return(world, &backup, scenario) {
        let feeds: &[bool] = if scenario.feed_apart && world.entered {
            &[true, false]
        } else {
            &[true]
        };
        for &feed in feeds {
            let set_back = step(world, Event::SetsBack { row: true, feed }, |next| {
                next.row = backup;
                next.entered &= !feed;
                next.set_back += 1;
                next.revived = next.ended.then_some(0);
                if !scenario.keeps_evidence {
                    next.jars.iter_mut().for_each(|jar| jar.outdone = None);
                }
            });
            // The next time it is set back to the same state, or to a later one.
            let later = step(&set_back.1, set_back.0, |next| next.backup = None);
            steps.extend([set_back, later]);
        }
    }
    if scenario.feed_apart && world.entered {
        let event = Event::SetsBack {
            row: false,
            feed: true,
        };
        steps.push(step(world, event, |next| {
            next.entered = false;
            next.set_back += 1;
            next.revived = next.ended.then_some(0);
        }));
    }
}

/// Returns whether the store may have lost what was written since.
fn may_return(world: &World, backup: &Row, scenario: &Scenario) -> bool {
    let row = &world.row;
    if row.revoked {
        let heard = (0..scenario.clocks.len()).all(|node| world.knows(node));
        return scenario.loses_revocations && (heard || !scenario.heard);
    }
    let earlier = !backup.exists || backup.generation < row.generation;
    earlier
        || scenario.loses_openings
        || (scenario.loses_receipts && backup.opened == row.opened && *backup != *row)
}

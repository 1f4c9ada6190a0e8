//! Everything that may happen next.

use super::event::Event;
use super::nodes::at_the_nodes;
use super::outside::outside;
use super::rules::Rule;
use super::scenario::Scenario;
use super::serve::serve;
use super::world::{Doing, HONEST, THIEF, World};

pub(super) type Steps = Vec<(Event, World)>;

/// Returns every next world, and the event that led to it.
pub(super) fn steps(world: &World, scenario: &Scenario, rule: &Rule) -> Steps {
    let mut steps = Steps::new();
    for client in 0..world.clients.len() {
        // Two equal tabs may do the same, so one of them is enough.
        if client == 0 || world.clients[client] != world.clients[client - 1] {
            client_steps(world, client, scenario, rule, &mut steps);
        }
    }
    receipts(world, scenario, rule, &mut steps);
    outside(world, scenario, rule, &mut steps);
    at_the_nodes(world, scenario, rule, &mut steps);
    steps
}

/// Returns the world after a change.
pub(super) fn step(world: &World, event: Event, change: impl FnOnce(&mut World)) -> (Event, World) {
    let mut next = world.clone();
    change(&mut next);
    (event, next)
}

fn client_steps(world: &World, index: usize, scenario: &Scenario, rule: &Rule, steps: &mut Steps) {
    let client = world.clients[index];
    let (jar, sent) = (client.jar, client.sent);
    let doing = |doing: Doing| move |next: &mut World| next.clients[index].doing = doing;
    if client.doing != Doing::Nothing && scenario.losses {
        // The request is lost, or the answer, or the server crashes before or after its write.
        steps.push(step(world, Event::Loses { jar }, doing(Doing::Nothing)));
    }
    match client.doing {
        // The login has the old password. A login with the new one is another story.
        Doing::Nothing if is_before_the_login(world, jar) => {
            if !world.changed {
                steps.push(step(world, Event::ChecksPassword, doing(Doing::Checked)));
            }
        }
        Doing::Nothing => {
            let Some(token) = world.jars[jar]
                .token
                .filter(|&token| token < scenario.generations)
            else {
                return;
            };
            steps.push(step(world, Event::Sends { jar, token }, |next| {
                next.clients[index].sent = token;
                next.clients[index].doing = Doing::Asking;
            }));
        }
        Doing::Asking
            if scenario.apart && world.row.opened.is_some_and(|age| age <= scenario.overlap) => {}
        Doing::Answered(got) => {
            steps.push(step(world, Event::Receives { jar, got }, |next| {
                next.clients[index].doing = Doing::Nothing;
                next.jars[jar].access |= 1 << got;
                if got != sent || scenario.stores_all || next.jars[jar].token.is_none() {
                    next.jars[jar].token = Some(got);
                }
                next.jars[jar].outdone = next.jars[jar]
                    .outdone
                    .filter(|&(generation, _)| got < generation);
            }));
            if scenario.halves {
                steps.push(step(world, Event::ReceivesHalf { jar, got }, |next| {
                    next.clients[index].doing = Doing::Nothing;
                    next.jars[jar].access |= 1 << got;
                }));
            }
        }
        _ => steps.extend(serve(world, index, scenario, rule)),
    }
}

fn is_before_the_login(world: &World, jar: usize) -> bool {
    jar == HONEST && !world.row.exists && world.set_back == 0 && world.jars[jar].token.is_none()
}

/// An access token came back, and the store hears of it.
fn receipts(world: &World, scenario: &Scenario, rule: &Rule, steps: &mut Steps) {
    for (jar, owner) in world.jars.iter().enumerate() {
        if jar == THIEF && !scenario.thief_uses {
            continue;
        }
        for generation in (0..=scenario.generations).filter(|&generation| owner.has(generation)) {
            let mut next = world.clone();
            if (rule.confirm)(&mut next.row, generation) {
                next.outdoes(jar, generation);
            }
            steps.push((Event::Confirms { jar, generation }, next));
        }
    }
}

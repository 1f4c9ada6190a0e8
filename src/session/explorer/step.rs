//! All that may happen next.

use super::law::Event;
use super::row::now;
use super::rules::Rule;
use super::scenario::{ACCESS_TOKEN, Scenario};
use super::world::{Doing, HONEST, How, THIEF, World};
use crate::session::rotation::Decision;

pub(super) type Steps = Vec<(Event, World)>;

/// Every next world, and what led to it.
pub(super) fn steps(world: &World, scenario: &Scenario, rule: &Rule) -> Steps {
    let mut steps = Steps::new();
    for client in 0..world.clients.len() {
        // What one of two equal tabs may do, the other may do as well.
        if client == 0 || world.clients[client] != world.clients[client - 1] {
            client_steps(world, client, scenario, rule, &mut steps);
        }
    }
    receipts(world, scenario, rule, &mut steps);
    let mut step = |event, change: &dyn Fn(&mut World)| {
        let mut next = world.clone();
        change(&mut next);
        steps.push((event, next));
    };
    if scenario.logout && !world.logged_out {
        step(Event::LogsOut, &|next| {
            next.logged_out = true;
            next.row.revoke();
        });
    }
    if scenario.thief && world.jars[THIEF].token.is_none() {
        step(Event::Steals, &|next| next.jars[THIEF].token = next.jars[HONEST].token);
    }
    // A revocation is durable, and so is what it was written over.
    if let Some(before) = world.before.filter(|_| !world.row.revoked && world.lost_writes < scenario.lost_writes) {
        step(Event::StoreForgets, &|next| {
            next.row = before;
            next.before = None;
            next.lost_writes += 1;
        });
    }
    // Whoever has waited for too long gives up first: that is a step of his own.
    let in_time = |waits| waits < scenario.round_trip;
    if world.clients.iter().all(|client| client.doing == Doing::Nothing || in_time(client.waits)) {
        step(Event::TimePasses, &|next| next.tick(scenario));
    }
    steps
}

fn client_steps(world: &World, index: usize, scenario: &Scenario, rule: &Rule, steps: &mut Steps) {
    let client = world.clients[index];
    let (jar, sent) = (client.jar, client.sent);
    let mut step = |event, change: &dyn Fn(&mut World)| {
        let mut next = world.clone();
        change(&mut next);
        steps.push((event, next));
    };
    let doing = |doing: Doing| move |next: &mut World| next.clients[index].doing = doing;
    if client.doing != Doing::Nothing && scenario.losses {
        // The request; the server that works on it, before or after its write; or the answer.
        step(Event::Loses { jar }, &doing(Doing::Nothing));
    }
    match client.doing {
        Doing::Nothing => {
            let Some(token) = world.jars[jar].token.filter(|&token| token < scenario.generations) else { return };
            step(Event::Sends { jar, token }, &|next| {
                next.clients[index].sent = token;
                next.clients[index].doing = Doing::Asking;
            });
        }
        Doing::Asking if scenario.apart && world.row.opened.is_some_and(|age| age <= scenario.overlap) => {}
        Doing::Asking if scenario.at_once => {
            let mut found = world.clone();
            found.clients[index].doing = Doing::Found(world.row);
            for (event, next) in decide(&found, index, scenario, rule) {
                steps.push(if event == (Event::Decides { jar }) { write(&next, index, scenario) } else { (event, next) });
            }
        }
        Doing::Asking => step(Event::Finds { jar }, &doing(Doing::Found(world.row))),
        Doing::Found(_) => steps.extend(decide(world, index, scenario, rule)),
        Doing::Writing(..) => steps.push(write(world, index, scenario)),
        Doing::Answered(got) => {
            step(Event::Receives { jar, got }, &|next| {
                next.clients[index].doing = Doing::Nothing;
                next.jars[jar].access |= 1 << got;
                if got != sent || scenario.stores_all {
                    next.jars[jar].token = Some(got);
                }
                next.jars[jar].outdone = next.jars[jar].outdone.filter(|&(generation, _)| got < generation);
            });
            if scenario.halves {
                step(Event::ReceivesHalf { jar, got }, &|next| {
                    next.clients[index].doing = Doing::Nothing;
                    next.jars[jar].access |= 1 << got;
                });
            }
        }
    }
}

/// The server decides, by one of the clocks, with the row that it found.
fn decide(world: &World, index: usize, scenario: &Scenario, rule: &Rule) -> Steps {
    let client = world.clients[index];
    let Doing::Found(row) = client.doing else { return Steps::new() };
    let (jar, session) = (client.jar, row.session());
    let retry = (scenario.keyed && jar == HONEST).then_some([client.sent + 1; 16]);
    let by_clock = |&ahead: &i8| {
        let mut next = world.clone();
        let event = match (rule.decide)(&session, client.sent.into(), retry, now(ahead), &scenario.policy()) {
            Decision::Answer { how } => {
                let got = row.generation;
                answer(&mut next, index, got);
                Event::Answers { jar, how: how.into(), got, dead: row.revoked }
            }
            Decision::Replace { next: changed, how } => {
                next.clients[index].doing = Doing::Writing(row.changed(changed.parts()), how.into());
                Event::Decides { jar }
            }
            Decision::Refuse(_) => {
                next.clients[index].doing = Doing::Nothing;
                Event::Refuses { jar, reuse: false }
            }
            Decision::Reuse => {
                next.clients[index].doing = Doing::Nothing;
                next.row.revoke();
                Event::Refuses { jar, reuse: true }
            }
        };
        (event, next)
    };
    scenario.clocks.iter().map(by_clock).collect()
}

/// The server replaces the row and answers, or has lost the race and starts over.
fn write(world: &World, index: usize, scenario: &Scenario) -> (Event, World) {
    let (client, mut next) = (world.clients[index], world.clone());
    let Doing::Writing(row, how) = client.doing else { unreachable!() };
    if !next.row.replace(&row) {
        next.clients[index].doing = Doing::Asking;
        return (Event::LosesTheRace { jar: client.jar }, next);
    }
    if how == How::Rotated {
        let both = world.jars.iter().all(|jar| jar.has(world.row.generation));
        next.shared = if both { world.shared + 1 } else { 0 };
    }
    let made = row.generation != world.row.generation;
    if scenario.lost_writes > 0 && (made || scenario.loses_openings) {
        next.before = Some(world.row);
    }
    answer(&mut next, index, row.generation);
    (Event::Answers { jar: client.jar, how, got: row.generation, dead: row.revoked }, next)
}

/// The tokens are signed. The access token ends with its session: the formula of `Sessions::response`.
fn answer(world: &mut World, index: usize, got: u8) {
    world.clients[index].doing = Doing::Answered(got);
    world.access_lives = world.access_lives.max(ACCESS_TOKEN.min(world.row.left));
}

/// An access token came back, and the store hears of it.
fn receipts(world: &World, scenario: &Scenario, rule: &Rule, steps: &mut Steps) {
    for (jar, owner) in world.jars.iter().enumerate() {
        if jar == THIEF && !scenario.thief_uses {
            continue;
        }
        for generation in (0..=scenario.generations).filter(|&generation| owner.has(generation)) {
            let mut next = world.clone();
            let effective = (rule.confirm)(&mut next.row, generation);
            let other = &mut next.jars[1 - jar];
            if effective && other.token.is_some_and(|token| token != generation) && !other.has(generation) {
                other.outdone = Some((generation, 0));
            }
            steps.push((Event::Confirms { jar, generation }, next));
        }
    }
}

//! The steps of a server. For a refresh it does what `refresh.rs` does: find, decide, ask the
//! application, decide again, replace, answer. For a login it does: insert, ask the application,
//! answer.

use super::event::Event;
use super::row::{Row, left, now};
use super::rules::Rule;
use super::scenario::Scenario;
use super::step::{Steps, step};
use super::world::{Arrival, Doing, HONEST, How, World};
use crate::session::rotation::Decision;

/// The next step of the server, or all of its steps at once.
pub(super) fn serve(world: &World, index: usize, scenario: &Scenario, rule: &Rule) -> Steps {
    let at_work = |world: &World| {
        matches!(
            world.clients[index].doing,
            Doing::Found(_) | Doing::Renewed(_) | Doing::Writing(..)
        )
    };
    let mut steps = work(world, index, scenario, rule);
    while let Some(at) = steps
        .iter()
        .position(|(_, next)| scenario.at_once && at_work(next))
    {
        let (_, next) = steps.swap_remove(at);
        steps.extend(work(&next, index, scenario, rule));
    }
    steps
}

fn work(world: &World, index: usize, scenario: &Scenario, rule: &Rule) -> Steps {
    let client = world.clients[index];
    match client.doing {
        Doing::Asking => {
            let find = |arrival| find(world, index, arrival, scenario, rule);
            match client.arrived {
                Some(arrival) => vec![find(arrival)],
                None => (0..scenario.clocks.len())
                    .map(|node| find(Arrival { node, age: 0 }))
                    .collect(),
            }
        }
        Doing::Found(row) if scenario.password => {
            vec![renew(world, index, scenario, rule, |next| {
                next.clients[index].doing = Doing::Renewed(row);
                Event::Renews { jar: client.jar }
            })]
        }
        Doing::Found(row) | Doing::Renewed(row) => decide(world, index, row, scenario, rule),
        Doing::Writing(row, how) => vec![write(world, index, (row, how), scenario, rule)],
        Doing::Checked => vec![step(world, Event::Inserts, |next| {
            next.row.exists = true;
            next.clients[index].doing = Doing::Inserted;
            next.clients[index].arrived = Some(Arrival { node: 0, age: 0 });
            next.clients[index].late.outdated = world.changed;
        })],
        Doing::Inserted if rule.asks_after_insert => {
            vec![renew(world, index, scenario, rule, |next| {
                next.clients[index].doing = Doing::Granted;
                Event::Renews { jar: client.jar }
            })]
        }
        Doing::Inserted | Doing::Granted => {
            let mut next = world.clone();
            vec![(
                answer(&mut next, index, (world.row, How::LoggedIn), scenario, rule),
                next,
            )]
        }
        Doing::Nothing | Doing::Answered(_) => Steps::new(),
    }
}

/// The server reads the row. If the session was over when the request arrived, the request ends
/// here.
fn find(
    world: &World,
    index: usize,
    arrival: Arrival,
    scenario: &Scenario,
    rule: &Rule,
) -> (Event, World) {
    let (row, mut next) = (world.row, world.clone());
    let client = &mut next.clients[index];
    client.arrived = Some(arrival);
    client.late.dead = world.ended || world.knows(arrival.node);
    client.doing = Doing::Found(row);
    let (jar, node) = (client.jar, arrival.node);
    let event = if !row.exists {
        refuse(&mut next, index, false)
    } else if rule.asks_revocations[0] && !row.revoked && world.knows(node) {
        next.ends(node, scenario, rule);
        refuse(&mut next, index, false)
    } else {
        match decide_at(&next, index, row, arrival, scenario, rule) {
            Decision::Refuse(_) => refuse(&mut next, index, false),
            Decision::Reuse => {
                next.ends(node, scenario, rule);
                refuse(&mut next, index, true)
            }
            Decision::Reply { .. } | Decision::Replace { .. } => Event::Finds { jar, node },
        }
    };
    (event, next)
}

/// The server asks the application, which has another stamp once the password has changed.
fn renew(
    world: &World,
    index: usize,
    scenario: &Scenario,
    rule: &Rule,
    go_on: impl FnOnce(&mut World) -> Event,
) -> (Event, World) {
    let mut next = world.clone();
    next.clients[index].late.outdated |= world.changed;
    let event = if world.changed && rule.compares_stamps {
        next.ends(world.node(index), scenario, rule);
        refuse(&mut next, index, false)
    } else {
        go_on(&mut next)
    };
    (event, next)
}

/// The server decides once more, later, with the row that it found.
fn decide(world: &World, index: usize, row: Row, scenario: &Scenario, rule: &Rule) -> Steps {
    let client = world.clients[index];
    let Some(arrival) = client.arrived else {
        unreachable!()
    };
    let by_clock = |node| {
        let mut next = world.clone();
        let at_arrival = decide_at(world, index, row, arrival, scenario, rule);
        let later = decide_at(world, index, row, Arrival { node, age: 0 }, scenario, rule);
        let event = match (rule.settle)(at_arrival, later) {
            Decision::Reply { how } => {
                hand_out(&mut next, index, (row, how.into()), scenario, rule)
            }
            Decision::Replace { next: changed, how } => {
                let changed = changed.written_to(row.session());
                next.clients[index].doing =
                    Doing::Writing(row.changed(changed.parts()), how.into());
                Event::Decides { jar: client.jar }
            }
            Decision::Refuse(_) => refuse(&mut next, index, false),
            Decision::Reuse => {
                next.ends(arrival.node, scenario, rule);
                refuse(&mut next, index, true)
            }
        };
        (event, next)
    };
    if scenario.jumps {
        (0..scenario.clocks.len()).map(by_clock).collect()
    } else {
        vec![by_clock(arrival.node)]
    }
}

/// Decides by the clock of that node, as it was so long ago.
fn decide_at(
    world: &World,
    index: usize,
    row: Row,
    Arrival { node, age }: Arrival,
    scenario: &Scenario,
    rule: &Rule,
) -> Decision {
    let client = world.clients[index];
    let retry = (scenario.keyed && client.jar == HONEST).then_some([client.sent + 1; 16]);
    (rule.decide)(
        &row.session(),
        client.sent.into(),
        retry,
        now(scenario.clocks[node] - age),
        &scenario.policy(),
    )
}

/// The server replaces the row and answers, or has lost the race and starts over.
fn write(
    world: &World,
    index: usize,
    (row, how): (Row, How),
    scenario: &Scenario,
    rule: &Rule,
) -> (Event, World) {
    let (jar, mut next) = (world.clients[index].jar, world.clone());
    if !next.row.replace(&row) {
        next.clients[index].doing = Doing::Asking;
        return (Event::LosesTheRace { jar }, next);
    }
    if how == How::Rotated {
        let both = world.jars.iter().all(|jar| jar.has(world.row.generation));
        next.shared = if both { world.shared + 1 } else { 0 };
    }
    if how == How::Healed && scenario.thief {
        // A client that heals the row with a copy has used that copy.
        next.outdoes(jar, row.generation);
    }
    (hand_out(&mut next, index, (row, how), scenario, rule), next)
}

/// The server answers, unless its node has heard of a revocation in the meantime.
fn hand_out(
    next: &mut World,
    index: usize,
    (row, how): (Row, How),
    scenario: &Scenario,
    rule: &Rule,
) -> Event {
    if rule.asks_revocations[1] && next.knows(next.node(index)) {
        return refuse(next, index, false);
    }
    answer(next, index, (row, how), scenario, rule)
}

/// The server signs the tokens, for the row that was found or written.
fn answer(
    next: &mut World,
    index: usize,
    (row, how): (Row, How),
    scenario: &Scenario,
    rule: &Rule,
) -> Event {
    let by_clock = now(scenario.clocks[next.node(index)]);
    let end = (rule.ends)(&scenario.policy(), &row.session(), None, by_clock).access_token;
    let client = &mut next.clients[index];
    client.doing = Doing::Answered(row.generation);
    next.access_lives = next.access_lives.max(left(end));
    let took = client.arrived.map_or(0, |arrival| arrival.age);
    Event::Answers {
        jar: client.jar,
        how,
        got: row.generation,
        late: client.late,
        took,
    }
}

fn refuse(next: &mut World, index: usize, reuse: bool) -> Event {
    let client = &mut next.clients[index];
    client.doing = Doing::Nothing;
    Event::Refuses {
        jar: client.jar,
        reuse,
    }
}

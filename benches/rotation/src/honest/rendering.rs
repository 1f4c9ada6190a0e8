//! Server-side rendering: the parts of a page come from several servers. Each of them refreshes
//! with the cookie that the browser sent, uses the new access token at once, and sets the cookie.

use super::jar::{Jar, Request};
use crate::days::{self, Stretch};
use crate::dice::{Dice, User};
use crate::network::Network;
use crate::queue::Queue;
use crate::rule::{MINUTE, Millis, Rule, SECOND, Tokens};

/// The user leaves the page before any part of it arrives.
const LEFT: f64 = 0.06;
/// One part of a page does not arrive.
const LOST: f64 = 0.02;
const NETWORK: Network = Network::Usual;

enum Event {
    Loads,
    /// A part of a page that is left does not set the cookie.
    Renders {
        request: Request,
        is_left: bool,
    },
    SetsCookie(Request, Tokens),
}

pub fn run(rule: &mut dyn Rule, user: User) -> u32 {
    let mut jar = Jar::log_in(rule, 0);
    let mut queue = Queue::default();
    let mut stretches = days::computer(user);
    for (number, stretch) in stretches.iter().enumerate() {
        queue.add(stretch.begins, (number, Event::Loads));
    }
    while let Some((now, (number, event))) = queue.take() {
        let Stretch { ends, dice, .. } = &mut stretches[number];
        match event {
            Event::Loads if now >= *ends => {}
            Event::Loads if jar.is_fresh(now) => {
                rule.accept(&jar.tokens.access, now);
                queue.add(next_load(now, dice), (number, Event::Loads));
            }
            Event::Loads => {
                let is_left = dice.chance(LEFT);
                // The servers share no key, so it is as if they had none.
                for _ in 0..dice.between(1, 4) {
                    let renders = Event::Renders {
                        request: jar.request(None),
                        is_left,
                    };
                    queue.add(
                        now + NETWORK.latency(dice) + dice.between(0, 150),
                        (number, renders),
                    );
                }
                let next = if is_left {
                    now + dice.between(SECOND, 10 * SECOND)
                } else {
                    next_load(now, dice)
                };
                queue.add(next, (number, Event::Loads));
            }
            Event::Renders { request, is_left } => {
                if let Some(tokens) = jar.serve(&request, rule, now) {
                    rule.accept(&tokens.access, now);
                    if !is_left && !dice.chance(LOST) {
                        let sets = Event::SetsCookie(request, tokens);
                        queue.add(now + NETWORK.latency(dice), (number, sets));
                    }
                }
            }
            Event::SetsCookie(request, tokens) => jar.receive(&request, tokens, now),
        }
    }
    jar.lost
}

fn next_load(now: Millis, dice: &mut Dice) -> Millis {
    now + dice.between(15 * SECOND, 8 * MINUTE)
}

//! Tabs of one browser: they share their tokens and have no lock, so they race.

use super::jar::{Jar, Request};
use super::scenario::Clients;
use crate::days::{self, Stretch};
use crate::dice::{Draw, User};
use crate::queue::Queue;
use crate::rule::{Millis, Rule, SECOND, Tokens};

const LOST: f64 = 0.005;
/// The page is left before the answer arrives.
const LEFT: f64 = 0.02;
/// The tab is closed before it uses the new access token.
const CLOSED: f64 = 0.03;
/// The browser wakes tabs in the background later.
const THROTTLED: f64 = 0.3;
const TIMEOUT: Millis = 12 * SECOND;

enum Event {
    /// The tab with this number looks whether its access token is about to expire.
    Checks(u64),
    Arrives(Request),
    Receives(Request, Tokens),
    Uses,
}

pub fn run(rule: &mut dyn Rule, clients: Clients, user: User) -> u32 {
    let mut jar = Jar::log_in(rule, 0);
    let mut queue = Queue::default();
    let tabs = user.dice(Draw::Habits).between(2, 5);
    let mut stretches = days::computer(user);
    for (number, Stretch { begins, dice, .. }) in stretches.iter_mut().enumerate() {
        for tab in 0..tabs {
            let later = if dice.chance(THROTTLED) {
                20 * SECOND
            } else {
                SECOND / 2
            };
            queue.add(
                *begins + dice.between(0, later),
                (number, Event::Checks(tab)),
            );
        }
    }
    while let Some((now, (number, event))) = queue.take() {
        let Stretch { ends, dice, .. } = &mut stretches[number];
        // The computer sleeps, and hears no answer.
        let is_awake = now < *ends;
        match event {
            Event::Checks(_) if !is_awake => {}
            Event::Checks(tab) if jar.is_fresh(now) => {
                let next = jar.fresh_until + dice.between(0, 2 * SECOND);
                queue.add(next, (number, Event::Checks(tab)));
            }
            Event::Checks(tab) => {
                if !dice.chance(LOST) {
                    let arrives = Event::Arrives(jar.request(clients.key(tab, jar.stored)));
                    queue.add(now + dice.latency(), (number, arrives));
                }
                let again = now + TIMEOUT + dice.between(0, 4 * SECOND);
                queue.add(again, (number, Event::Checks(tab)));
            }
            Event::Arrives(request) => {
                let answer = jar.serve(&request, rule, now);
                if let Some(tokens) = answer.filter(|_| !dice.chance(LOST + LEFT)) {
                    let receives = Event::Receives(request, tokens);
                    queue.add(now + dice.latency(), (number, receives));
                }
            }
            Event::Receives(request, tokens) if is_awake => {
                jar.receive(&request, tokens, now);
                if !dice.chance(CLOSED) {
                    queue.add(now + dice.between(50, 2 * SECOND), (number, Event::Uses));
                }
            }
            Event::Receives(..) => {}
            Event::Uses => rule.accept(&jar.tokens.access, now),
        }
    }
    jar.lost
}

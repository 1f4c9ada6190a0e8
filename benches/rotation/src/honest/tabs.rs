//! Tabs of one browser: they share their tokens, and race if they have no lock.

use super::jar::{Jar, Request};
use super::lock::{Lock, Turn};
use super::scenario::Clients;
use crate::days::{self, Stretch};
use crate::dice::{Draw, User};
use crate::network::Network;
use crate::queue::Queue;
use crate::rule::{Rule, SECOND, Tokens};

const LOST: f64 = 0.005;
/// The page is left before the answer arrives.
const LEFT: f64 = 0.02;
/// The tab is closed before it uses the new access token.
const CLOSED: f64 = 0.03;
/// The browser wakes tabs in the background later.
const THROTTLED: f64 = 0.3;

/// What the tabs have in common.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    pub has_lock: bool,
    pub network: Network,
}

enum Event {
    /// The tab with this number looks whether its access token is about to expire.
    Checks(u64),
    Arrives(Request, Option<Turn>),
    Receives(Request, Option<Turn>, Tokens),
    /// The turn of a tab ends: an answer has arrived, the tab has waited long enough, or its page
    /// was left.
    Releases(Turn),
    Uses,
}

pub fn run(rule: &mut dyn Rule, clients: Clients, kind: Kind, user: User) -> u32 {
    let mut jar = Jar::log_in(rule, 0);
    let mut queue = Queue::default();
    let tabs = user.dice(Draw::Habits).between(2, 5);
    let mut stretches = days::computer(user);
    // A lock does not survive the sleep of the computer, because its request does not.
    let mut locks: Vec<_> = stretches.iter().map(|_| Lock::default()).collect();
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
        let mut add = |at, event| queue.add(at, (number, event));
        // The computer sleeps, and hears no answer.
        let is_awake = now < *ends;
        match event {
            Event::Checks(_) if !is_awake => {}
            Event::Checks(tab) if jar.is_fresh(now) => {
                add(
                    jar.fresh_until + dice.between(0, 2 * SECOND),
                    Event::Checks(tab),
                );
            }
            Event::Checks(tab) => {
                let turn = kind.has_lock.then(|| locks[number].acquire(tab));
                if turn == Some(None) {
                    continue;
                }
                let turn = turn.flatten();
                if !dice.chance(LOST) {
                    let request = jar.request(clients.key(tab, jar.stored));
                    add(
                        now + kind.network.latency(dice),
                        Event::Arrives(request, turn),
                    );
                }
                if let Some(turn) = turn {
                    add(now + kind.network.patience(), Event::Releases(turn));
                }
                let again = now + kind.network.patience() + dice.between(0, 4 * SECOND);
                add(again, Event::Checks(tab));
            }
            Event::Arrives(request, turn) => {
                let answer = jar.serve(&request, rule, now);
                let (is_lost, is_left) = (dice.chance(LOST), dice.chance(LEFT));
                let back = now + kind.network.latency(dice);
                match (answer, turn) {
                    (Some(tokens), _) if !is_lost && !is_left => {
                        add(back, Event::Receives(request, turn, tokens));
                    }
                    // An answer without tokens arrives too.
                    (answer, Some(turn)) if is_left || answer.is_none() => {
                        add(back, Event::Releases(turn));
                    }
                    _ => {}
                }
            }
            Event::Receives(request, turn, tokens) if is_awake => {
                jar.receive(&request, tokens, now);
                if let Some(turn) = turn {
                    add(now, Event::Releases(turn));
                }
                if !dice.chance(CLOSED) {
                    add(now + dice.between(50, 2 * SECOND), Event::Uses);
                }
            }
            Event::Receives(..) => {}
            Event::Releases(turn) => {
                for tab in locks[number].release(turn) {
                    add(now, Event::Checks(tab));
                }
            }
            Event::Uses => rule.accept(&jar.tokens.access, now),
        }
    }
    jar.lost
}

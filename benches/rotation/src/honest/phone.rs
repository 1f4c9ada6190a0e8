//! A phone: requests and answers are lost, and the app sleeps while it waits.

use super::jar::Jar;
use super::scenario::Clients;
use crate::days::{self, Stretch};
use crate::dice::{Dice, User};
use crate::network::Network;
use crate::rule::{Millis, Rule, SECOND};

/// The share of times of use in a network that loses much.
const BAD_NETWORK: f64 = 0.15;
/// Which share of messages is lost in it, and in any other.
const LOST: (f64, f64) = (0.3, 0.005);
/// The system puts the app to sleep before the answer arrives.
const SLEEPS: f64 = 0.01;
/// The app is closed before it uses the new access token.
const CLOSED: f64 = 0.03;
/// The app is killed between the use of the new access token and the write of the refresh token.
pub const KILLED: f64 = 0.005;
const NETWORK: Network = Network::Usual;
const ATTEMPTS: u32 = 3;

pub fn run(rule: &mut dyn Rule, clients: Clients, killed: f64, user: User) -> u32 {
    let mut jar = Jar::log_in(rule, 0);
    let mut now = 0;
    for Stretch {
        begins,
        ends,
        mut dice,
    } in days::phone(user)
    {
        now = begins.max(now);
        let lost = if dice.chance(BAD_NETWORK) {
            LOST.0
        } else {
            LOST.1
        };
        while now < ends {
            if jar.is_fresh(now) {
                now = jar.fresh_until;
                continue;
            }
            let stays = refresh(&mut jar, rule, clients, (lost, killed), &mut now, &mut dice);
            if !stays {
                break;
            }
        }
    }
    jar.lost
}

/// Refreshes, and returns whether the app is still in use.
fn refresh(
    jar: &mut Jar,
    rule: &mut dyn Rule,
    clients: Clients,
    (lost, killed): (f64, f64),
    now: &mut Millis,
    dice: &mut Dice,
) -> bool {
    for _ in 0..ATTEMPTS {
        let request = jar.request(clients.key(0, jar.stored));
        let there = *now + NETWORK.latency(dice);
        let mut answer = None;
        if !dice.chance(lost) {
            let sessions = jar.lost;
            answer = jar.serve(&request, rule, there);
            if jar.lost > sessions {
                *now = there;
                return true;
            }
        }
        let back = there + NETWORK.latency(dice);
        let sleeps = dice.chance(SLEEPS);
        if let Some(tokens) = answer.filter(|_| !sleeps && !dice.chance(lost)) {
            *now = back + dice.between(50, 2 * SECOND);
            if dice.chance(killed) {
                rule.accept(&tokens.access, *now);
                return false;
            }
            jar.receive(&request, tokens, back);
            let stays = !dice.chance(CLOSED);
            if stays {
                rule.accept(&jar.tokens.access, *now);
            }
            return stays;
        }
        *now += NETWORK.patience() + dice.between(0, 4 * SECOND);
        if sleeps {
            return false;
        }
    }
    false
}

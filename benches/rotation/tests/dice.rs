//! What happens to a user does not depend on the rule, and two seeds have different users.

use std::collections::BTreeSet;

use rotation::days;
use rotation::dice::{Draw, User};
use rotation::honest::{Clients, Scenario};
use rotation::rule::{DAY, Millis, Reply, Rule, Tokens};

fn user(seed: u64, number: u64) -> User {
    User {
        seed,
        scenario: 0,
        number,
    }
}

/// A rule that keeps one token for all, or rejects each refresh, and notes when it was asked.
#[derive(Default)]
struct Extreme {
    is_kind: bool,
    logins: u32,
    first_of_days: BTreeSet<(u64, Millis)>,
    last_day: Option<u64>,
}

impl Rule for Extreme {
    fn log_in(&mut self, _: Millis) -> Tokens {
        self.logins += 1;
        let token = self.logins.to_string();
        Tokens {
            refresh: token.clone(),
            access: token,
        }
    }

    fn refresh(&mut self, refresh: &str, _: Option<u64>, now: Millis) -> Reply {
        let day = now / DAY;
        if self.last_day.replace(day) != Some(day) {
            self.first_of_days.insert((day, now));
        }
        if self.is_kind {
            Reply::Tokens(Tokens {
                refresh: refresh.to_owned(),
                access: refresh.to_owned(),
            })
        } else {
            Reply::Ended
        }
    }

    fn accept(&mut self, _: &str, _: Millis) {}
}

fn first_requests(scenario: Scenario, is_kind: bool) -> BTreeSet<(u64, Millis)> {
    let mut rule = Extreme {
        is_kind,
        ..Extreme::default()
    };
    scenario.run(&mut rule, Clients { send_keys: false }, user(1, 0));
    rule.first_of_days
}

#[test]
fn two_rules_meet_the_same_days() {
    for scenario in Scenario::ALL {
        let (kind, harsh) = (
            first_requests(scenario, true),
            first_requests(scenario, false),
        );
        let same = kind.intersection(&harsh).count();
        // A day may begin with a token that one of the two has just renewed.
        assert!(
            same * 10 >= kind.len() * 9,
            "{scenario:?}: {same} of {}",
            kind.len()
        );
    }
}

#[test]
fn two_seeds_that_differ_in_high_bits_share_no_user() {
    let begins = |seed, number| {
        let stretches = days::phone(user(seed, number));
        stretches
            .iter()
            .map(|stretch| stretch.begins)
            .collect::<Vec<_>>()
    };
    let of_one: BTreeSet<_> = (0..50).map(|number| begins(1, number)).collect();
    let of_other: BTreeSet<_> = (0..50).map(|number| begins(65537, number)).collect();
    assert_eq!(of_one.len() + of_other.len(), 100);
    assert!(of_one.is_disjoint(&of_other));
}

#[test]
fn the_draws_of_one_user_differ() {
    let first = |draw| user(1, 0).dice(draw).between(0, u64::MAX);
    let all = [Draw::Days, Draw::Habits, Draw::Stretch(0), Draw::Stretch(1)];
    assert_eq!(BTreeSet::from(all.map(first)).len(), 4);
}

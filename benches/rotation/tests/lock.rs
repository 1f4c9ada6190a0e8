//! Tabs with a lock do not race.

use rotation::dice::User;
use rotation::honest::{Clients, Scenario};
use rotation::rule::{Millis, Reply, Rule, SECOND, Tokens};

/// A rule that gives a new token for each request, and notes when it was asked with which.
#[derive(Default)]
struct Watched {
    given: u32,
    requests: Vec<(String, Millis)>,
}

impl Watched {
    fn next(&mut self) -> Tokens {
        self.given += 1;
        let token = self.given.to_string();
        Tokens {
            refresh: token.clone(),
            access: token,
        }
    }

    /// Counts the requests with the token of the request before, within a second of it.
    fn races(&self) -> usize {
        let is_race =
            |pair: &&[(String, Millis)]| pair[0].0 == pair[1].0 && pair[1].1 - pair[0].1 < SECOND;
        self.requests.windows(2).filter(is_race).count()
    }
}

impl Rule for Watched {
    fn log_in(&mut self, _: Millis) -> Tokens {
        self.next()
    }

    fn refresh(&mut self, refresh: &str, _: Option<u64>, now: Millis) -> Reply {
        self.requests.push((refresh.to_owned(), now));
        Reply::Tokens(self.next())
    }

    fn accept(&mut self, _: &str, _: Millis) {}
}

fn races(scenario: Scenario) -> usize {
    let users = (0..20).map(|number| User {
        seed: 1,
        scenario: 0,
        number,
    });
    let of_each = users.map(|user| {
        let mut rule = Watched::default();
        scenario.run(&mut rule, Clients { send_keys: false }, user);
        rule.races()
    });
    of_each.sum()
}

#[test]
fn a_lock_ends_races_but_for_pages_that_were_left() {
    let (without, with) = (races(Scenario::Tabs), races(Scenario::LockedTabs));
    assert!(without > 1000, "{without}");
    assert!(with * 20 < without, "{with} of {without}");
}

//! A thief copies a refresh token once. The owner has one client and a perfect network.

use super::holder::Holder;
use super::kind::Thief;
use crate::days;
use crate::dice::{Draw, User};
use crate::queue::Queue;
use crate::rows::Keys;
use crate::rule::{DAY, FRESH, Millis, Reply, Rule};

/// How a theft ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The session ended so long after the theft.
    Noticed(Millis),
    /// The thief or the owner gets nothing any more, and no alarm is raised.
    Rejected,
    /// The thief goes on until the thirty days are over, four weeks after the theft.
    Unnoticed,
}

enum Event {
    OwnerRefreshes,
    Theft,
    ThiefRefreshes,
}

impl Thief {
    pub fn run(self, rule: &mut dyn Rule, keys: Keys, user: User) -> Fate {
        let mut owner = Holder::new(rule.log_in(0), keys);
        let mut copy: Option<Holder> = None;
        let mut has_begun = false;
        let mut queue = Queue::default();
        for at in owner_refreshes(user) {
            queue.add(at, Event::OwnerRefreshes);
        }
        let theft = user.dice(Draw::Habits).between(DAY, 2 * DAY);
        queue.add(theft, Event::Theft);
        let mut each_day: Vec<_> = (0..=days::DAYS)
            .map(|day| user.dice(Draw::Stretch(day)))
            .collect();
        while let Some((now, event)) = queue.take() {
            if now > days::DAYS * DAY {
                break;
            }
            let dice = &mut each_day[(now / DAY) as usize];
            let (who, uses_access_tokens) = match event {
                Event::Theft => {
                    copy = Some(owner.copied(keys));
                    if let Some(wait) = self.after_theft(dice) {
                        queue.add(now + wait, Event::ThiefRefreshes);
                    }
                    continue;
                }
                Event::OwnerRefreshes => (&mut owner, true),
                Event::ThiefRefreshes => {
                    let thief = copy.as_mut().expect("a thief has a copy");
                    (thief, self != Self::Silent)
                }
            };
            match rule.refresh(&who.tokens.refresh, who.key, now) {
                Reply::Tokens(tokens) => who.take(tokens),
                Reply::NotNow => {}
                Reply::Ended => return Fate::Noticed(now.saturating_sub(theft)),
                Reply::Rejected => return Fate::Rejected,
            }
            if uses_access_tokens {
                rule.accept(&who.tokens.access, now);
            }
            let next = match event {
                Event::ThiefRefreshes => {
                    has_begun = true;
                    self.after_own(dice)
                }
                _ if copy.is_some() => self.after_owner(has_begun, dice),
                _ => None,
            };
            if let Some(wait) = next {
                queue.add(now + wait, Event::ThiefRefreshes);
            }
        }
        Fate::Unnoticed
    }
}

/// When the owner refreshes: while the phone is in use, and the access token is about to expire.
fn owner_refreshes(user: User) -> Vec<Millis> {
    let (mut all, mut fresh_until) = (Vec::new(), FRESH);
    for stretch in days::phone(user) {
        let mut now = stretch.begins.max(fresh_until);
        while now < stretch.ends {
            all.push(now);
            fresh_until = now + FRESH;
            now = fresh_until;
        }
    }
    all
}

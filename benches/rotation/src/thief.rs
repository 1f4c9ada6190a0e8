//! [`Thief`] copies a refresh token once. The victim has one client and a perfect network.

use crate::days;
use crate::dice::{Dice, Draw, User};
use crate::queue::Queue;
use crate::rule::{DAY, HOUR, MINUTE, Millis, Reply, Rule, SECOND, Tokens};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thief {
    /// Waits for hours or days, then refreshes whenever the access token is about to expire.
    Late,
    /// Refreshes at once, mostly before the owner, uses the access tokens, and goes on.
    First,
    /// Refreshes once before each refresh of the owner, and never uses an access token.
    Silent,
    /// Presents the copy some seconds after the owner's next refresh, and goes on alone.
    Branch,
    /// Presents their token some seconds after each refresh of the owner, and at no other time.
    Shadow,
}

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

/// An access token lives for half an hour, and is renewed a minute before.
const FRESH: Millis = 29 * MINUTE;

enum Event {
    OwnerRefreshes,
    Theft,
    ThiefRefreshes,
}

impl Thief {
    pub const ALL: [Self; 5] = [
        Self::Late,
        Self::First,
        Self::Silent,
        Self::Branch,
        Self::Shadow,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::First => "first",
            Self::Silent => "silent",
            Self::Branch => "branch",
            Self::Shadow => "shadow",
        }
    }

    pub fn run(self, rule: &mut dyn Rule, user: User) -> Fate {
        let mut owner = rule.log_in(0);
        let mut copy: Option<Tokens> = None;
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
            let next = match event {
                Event::Theft => {
                    copy = Some(owner.clone());
                    self.after_theft(dice)
                }
                Event::OwnerRefreshes => {
                    match rule.refresh(&owner.refresh, None, now) {
                        Reply::Tokens(tokens) => owner = tokens,
                        Reply::NotNow => {}
                        Reply::Ended => return Fate::Noticed(now.saturating_sub(theft)),
                        Reply::Rejected => return Fate::Rejected,
                    }
                    rule.accept(&owner.access, now);
                    copy.as_ref()
                        .and_then(|_| self.after_owner(has_begun, dice))
                }
                Event::ThiefRefreshes => {
                    let held = copy.as_ref().expect("a thief has a copy");
                    match rule.refresh(&held.refresh, None, now) {
                        Reply::Tokens(tokens) => {
                            if self != Self::Silent {
                                rule.accept(&tokens.access, now);
                            }
                            copy = Some(tokens);
                        }
                        Reply::NotNow => {}
                        Reply::Ended => return Fate::Noticed(now - theft),
                        Reply::Rejected => return Fate::Rejected,
                    }
                    has_begun = true;
                    self.after_own(dice)
                }
            };
            if let Some(wait) = next {
                queue.add(now + wait, Event::ThiefRefreshes);
            }
        }
        Fate::Unnoticed
    }

    /// How long the thief waits after the theft.
    fn after_theft(self, dice: &mut Dice) -> Option<Millis> {
        match self {
            Self::Late => Some(dice.between(HOUR, 3 * DAY)),
            Self::First | Self::Silent => Some(dice.between(SECOND, MINUTE)),
            Self::Branch | Self::Shadow => None,
        }
    }

    /// How long the thief waits after a refresh of the owner.
    fn after_owner(self, has_begun: bool, dice: &mut Dice) -> Option<Millis> {
        match self {
            Self::Late | Self::First => None,
            Self::Silent => has_begun.then(|| dice.between(MINUTE, 25 * MINUTE)),
            Self::Branch => (!has_begun).then(|| dice.between(SECOND, 9 * SECOND)),
            Self::Shadow => Some(dice.between(SECOND, 9 * SECOND)),
        }
    }

    /// How long the thief waits after a refresh of their own.
    fn after_own(self, dice: &mut Dice) -> Option<Millis> {
        match self {
            Self::Late | Self::First | Self::Branch => Some(FRESH + dice.between(0, MINUTE)),
            Self::Silent | Self::Shadow => None,
        }
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

//! When a user is active, during thirty days.

use crate::dice::{Dice, Draw, User};
use crate::rule::{DAY, HOUR, MINUTE, Millis};

pub const DAYS: u64 = 30;
/// Most users are away for a day now and then, and none for longer than the idle timeout.
const ACTIVE: f64 = 0.85;
const LONGEST_ABSENCE: u64 = 4;

/// A time of activity, with the dice for what happens in it.
#[derive(Debug)]
pub struct Stretch {
    pub begins: Millis,
    pub ends: Millis,
    pub dice: Dice,
}

/// A phone is used often and for a short time.
pub fn phone(user: User) -> Vec<Stretch> {
    stretches(user, (5, 14), (MINUTE, 25 * MINUTE))
}

/// A computer is used a few times, for hours, and sleeps in between.
pub fn computer(user: User) -> Vec<Stretch> {
    stretches(user, (1, 3), (20 * MINUTE, 4 * HOUR))
}

fn stretches(user: User, count: (u64, u64), length: (Millis, Millis)) -> Vec<Stretch> {
    let (mut all, mut absent) = (Vec::new(), 0);
    let mut dice = user.dice(Draw::Days);
    for day in 0..DAYS {
        if absent < LONGEST_ABSENCE && !dice.chance(ACTIVE) {
            absent += 1;
            continue;
        }
        absent = 0;
        let count = dice.between(count.0, count.1);
        // From seven to eleven in the evening, each stretch in its own part of the day.
        let part = 16 * HOUR / count;
        for number in 0..count {
            let length = dice.between(length.0, length.1.min(part - MINUTE));
            let begins = day * DAY + 7 * HOUR + number * part;
            let begins = begins + dice.between(0, part - length);
            all.push(Stretch {
                begins,
                ends: begins + length,
                dice: user.dice(Draw::Stretch(all.len() as u64)),
            });
        }
    }
    all
}

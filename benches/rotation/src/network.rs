//! [`Network`] says how long a message is under way.

use crate::dice::Dice;
use crate::rule::{Millis, SECOND};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// A round trip takes less than half of the default overlap, as this crate's rule asks.
    Usual,
    /// A message may take three times the default overlap.
    Slow,
}

impl Network {
    /// Draws the time of one message: 120 ms in the middle, or 5 s.
    pub fn latency(self, dice: &mut Dice) -> Millis {
        let seconds = match self {
            Self::Usual => dice.log_normal(-2.12, 0.9),
            Self::Slow => dice.log_normal(1.6, 1.0),
        };
        ((seconds * SECOND as f64) as Millis).clamp(5, self.longest())
    }

    /// Returns how long a client waits for an answer: for the longest round trip.
    pub fn patience(self) -> Millis {
        2 * self.longest()
    }

    fn longest(self) -> Millis {
        match self {
            Self::Usual => 6 * SECOND,
            Self::Slow => 90 * SECOND,
        }
    }
}

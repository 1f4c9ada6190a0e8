//! [`Dice`] decides everything that is left to chance, by a seed.

use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, LogNormal};
use rand_pcg::Pcg64Mcg;

use crate::rule::{Millis, SECOND};

#[derive(Clone, Debug)]
pub struct Dice(Pcg64Mcg);

impl Dice {
    /// Makes the dice of one user. Every rule meets the same user.
    pub fn new(seed: u64, scenario: u64, user: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed ^ scenario << 48 ^ user << 16))
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability)
    }

    /// Returns a number from `least` to `most`, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0.random_range(least..=most)
    }

    /// Returns how long a message is under way: 120 ms in the middle, and 6 s at most, so that a
    /// round trip takes less than half of the default overlap.
    pub fn latency(&mut self) -> Millis {
        let seconds = LogNormal::new(-2.12, 0.9).expect("the deviation is finite");
        ((seconds.sample(&mut self.0) * SECOND as f64) as Millis).clamp(5, 6 * SECOND)
    }
}

//! [`Dice`] decides everything that is left to chance.
//!
//! What happens to a user is drawn for each stretch of time anew. So two rules meet the same user
//! on the same days, even if a reply changed what happened before.

use chacha20::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use rand_distr::{Distribution as _, LogNormal};

/// One user of one scenario.
#[derive(Clone, Copy, Debug)]
pub struct User {
    pub seed: u64,
    pub scenario: u64,
    pub number: u64,
}

/// What is drawn.
#[derive(Clone, Copy, Debug)]
pub enum Draw {
    /// When the user is active.
    Days,
    /// What stays the same for thirty days.
    Habits,
    /// What happens in the stretch of time with this number.
    Stretch(u64),
}

#[derive(Debug)]
pub struct Dice(ChaCha8Rng);

impl User {
    /// Returns the dice for this draw. The four numbers are the whole key, so no two users, and no
    /// two seeds, share what they draw.
    pub fn dice(self, draw: Draw) -> Dice {
        let draw = match draw {
            Draw::Days => 0,
            Draw::Habits => 1,
            Draw::Stretch(number) => 2 + number,
        };
        let mut key = [0; 32];
        for (part, number) in
            key.chunks_exact_mut(8)
                .zip([self.seed, self.scenario, self.number, draw])
        {
            part.copy_from_slice(&number.to_le_bytes());
        }
        Dice(ChaCha8Rng::from_seed(key))
    }
}

impl Dice {
    pub fn chance(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability)
    }

    /// Returns a number from `least` to `most`, both included.
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0.random_range(least..=most)
    }

    /// Returns a number whose logarithm has this mean and this deviation.
    pub fn log_normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let distribution = LogNormal::new(mean, deviation).expect("the deviation is finite");
        distribution.sample(&mut self.0)
    }
}

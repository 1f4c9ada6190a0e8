//! [`Interval`] is where a share may be, by 95 %: the interval of Wilson.

/// So many standard deviations from the mean are 95 %.
const Z: f64 = 1.96;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub share: f64,
    pub from: f64,
    pub to: f64,
}

impl Interval {
    /// Returns the interval of a share of `all`, of whom `some` were counted.
    pub fn new(some: u64, all: u64) -> Self {
        let (some, all) = (some as f64, all as f64);
        let share = some / all;
        let center = (some + Z * Z / 2.0) / (all + Z * Z);
        let half = Z / (all + Z * Z) * (share * (all - some) + Z * Z / 4.0).sqrt();
        Self {
            share,
            from: (center - half).max(0.0),
            to: (center + half).min(1.0),
        }
    }

    /// Returns how far the share may be from the one that was counted.
    pub fn reach(self) -> f64 {
        (self.share - self.from).max(self.to - self.share)
    }

    /// Whether the share is so small that its interval is told with it.
    pub fn is_small(self) -> bool {
        self.share > 0.0 && self.share < 0.1
    }
}

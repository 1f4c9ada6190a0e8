//! The arithmetic of a counter with two rates (GCRA), the same for every store.

use std::time::Duration;

use crate::clock::Timestamp;

/// Allows so many at once, then one per period.
///
/// A period of zero limits nothing. A fraction of a millisecond counts as a whole one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rate {
    /// How many an empty counter allows at once. Zero allows none, ever.
    pub burst: u32,
    /// How long one of them weighs on the counter.
    pub period: Duration,
}

/// Two rates in one row. Both must allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lane {
    /// The rate that forgets within minutes.
    pub fast: Rate,
    /// The rate that forgets within hours or days.
    pub slow: Rate,
    /// The longest debt of the slow rate that a row can have, if lanes with other numbers charge
    /// the same row. It counts where it is above `slow.burst * slow.period`.
    pub ceiling: Duration,
}

/// When the two debts of a counter end. A moment that has passed is not a debt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counter {
    /// The end of the debt at the fast rate.
    pub fast: Timestamp,
    /// The end of the debt at the slow rate.
    pub slow: Timestamp,
}

/// What a store has at a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A counter that has a debt.
    Counter(Counter),
    /// A value that was written with `note` or `put_new`.
    Value(Vec<u8>),
}

/// How far the clocks of processes may differ.
///
/// No rate owes more than its ceiling. A debt above the ceiling and this was written by a clock
/// that was ahead, and counts as none, or its row would refuse for as long as the clock was wrong.
pub(crate) const CLOCK_TOLERANCE: Duration = Duration::from_secs(60 * 60);

impl Rate {
    /// Limits nothing.
    pub const UNLIMITED: Self = Self::new(0, Duration::ZERO);

    /// Allows `burst` at once, then one per `period`.
    #[must_use]
    pub const fn new(burst: u32, period: Duration) -> Self {
        Self { burst, period }
    }

    /// Returns the longest debt, in milliseconds. No debt ends after the last [`Timestamp`].
    fn limit(self, now: Timestamp) -> u128 {
        let last = i64::MAX.unsigned_abs() - now.as_millis();
        u128::from(last).min(u128::from(self.burst) * millis(self.period))
    }

    /// Returns the debt of a row whose debt ends at `end`, in milliseconds.
    fn debt(self, end: Option<Timestamp>, ceiling: Duration, now: Timestamp) -> u128 {
        let debt = end.map_or(0, |end| end.as_millis().saturating_sub(now.as_millis()));
        let most = self.limit(now).max(millis(ceiling)) + CLOCK_TOLERANCE.as_millis();
        Some(u128::from(debt))
            .filter(|&debt| debt <= most)
            .unwrap_or(0)
    }

    /// Returns the milliseconds until one more is allowed.
    fn wait(self, end: Option<Timestamp>, ceiling: Duration, now: Timestamp) -> u128 {
        if self.period.is_zero() {
            return 0;
        }
        (self.debt(end, ceiling, now) + millis(self.period)).saturating_sub(self.limit(now))
    }

    /// Returns the end of the debt after one more.
    fn charged(self, end: Option<Timestamp>, ceiling: Duration, now: Timestamp) -> Timestamp {
        if self.period.is_zero() {
            // A lane that limits this rate may use the same row.
            return end.unwrap_or(now).max(now);
        }
        now + duration(self.debt(end, ceiling, now) + millis(self.period))
    }
}

impl Lane {
    /// Makes a lane of two rates.
    #[must_use]
    pub const fn new(fast: Rate, slow: Rate) -> Self {
        Self {
            fast,
            slow,
            ceiling: Duration::ZERO,
        }
    }

    /// Shares its rows with lanes that charge the slow rate up to `ceiling`.
    #[must_use]
    pub const fn with_ceiling(mut self, ceiling: Duration) -> Self {
        self.ceiling = ceiling;
        self
    }

    /// Returns how long it takes until one more is allowed. Zero is now.
    ///
    /// ```
    /// use std::time::Duration;
    /// use tower_bearer::clock::Timestamp;
    /// use tower_bearer::store::{Lane, Rate};
    ///
    /// let lane = Lane::new(Rate::new(2, Duration::from_secs(60)), Rate::UNLIMITED);
    /// let now = Timestamp::from_secs(1_000);
    /// let one = lane.charged(None, now);
    /// let two = lane.charged(one, now);
    /// assert_eq!(lane.wait(two, now), Duration::from_secs(60));
    /// assert_eq!(lane.charged(two, now), None);
    /// ```
    #[must_use]
    pub fn wait(&self, counter: Option<Counter>, now: Timestamp) -> Duration {
        let fast = self
            .fast
            .wait(counter.map(|at| at.fast), Duration::ZERO, now);
        let slow = self.slow.wait(counter.map(|at| at.slow), self.ceiling, now);
        duration(fast.max(slow))
    }

    /// Returns the counter after one more, if it is allowed now.
    #[must_use]
    pub fn charged(&self, counter: Option<Counter>, now: Timestamp) -> Option<Counter> {
        self.wait(counter, now).is_zero().then(|| Counter {
            fast: self
                .fast
                .charged(counter.map(|at| at.fast), Duration::ZERO, now),
            slow: self
                .slow
                .charged(counter.map(|at| at.slow), self.ceiling, now),
        })
    }
}

impl Counter {
    /// Makes a counter whose debts end at these moments, as a store reads it from a row.
    #[must_use]
    pub const fn new(fast: Timestamp, slow: Timestamp) -> Self {
        Self { fast, slow }
    }

    /// Returns the counter with these debts taken off. What is too much has no effect, since a
    /// moment that has passed is not a debt.
    #[must_use]
    pub fn given_back(self, fast: Duration, slow: Duration) -> Self {
        let earlier = |end: Timestamp, by| {
            let by = u64::try_from(millis(by)).unwrap_or(u64::MAX);
            Timestamp::from_millis(end.as_millis().saturating_sub(by))
        };
        Self {
            fast: earlier(self.fast, fast),
            slow: earlier(self.slow, slow),
        }
    }

    /// Returns when both debts have ended, and the row may be deleted.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.fast.max(self.slow)
    }
}

/// Rounds up, since a period of zero would limit nothing.
fn millis(duration: Duration) -> u128 {
    duration.as_nanos().div_ceil(1_000_000)
}

fn duration(millis: u128) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    fn rate(burst: u32, secs: u64) -> Rate {
        Rate::new(burst, Duration::from_secs(secs))
    }

    /// How many of 1,000 pass at this moment, and the counter after them.
    fn take_all(lane: Lane, mut row: Option<Counter>, now: Timestamp) -> (u32, Option<Counter>) {
        let mut passed = 0;
        while let Some(next) = lane.charged(row, now).filter(|_| passed < 1000) {
            row = Some(next);
            passed += 1;
        }
        (passed, row)
    }

    #[test]
    fn a_lane_allows_its_burst_and_then_one_a_period() {
        let lane = Lane::new(rate(5, 60), rate(15, 7200));
        let (passed, row) = take_all(lane, None, at(1_000));
        assert_eq!((passed, lane.wait(row, at(1_000))), (5, 60 * SECOND));
        assert_eq!(take_all(lane, row, at(1_059)).0, 0);
        assert_eq!(take_all(lane, row, at(1_060)).0, 1);
        assert_eq!(take_all(lane, row, at(1_300)).0, 5);
    }

    #[test]
    fn both_rates_have_to_allow() {
        let lane = Lane::new(rate(5, 60), rate(7, 7200));
        let (_, row) = take_all(lane, None, at(1_000));
        let (passed, row) = take_all(lane, row, at(2_000));
        assert_eq!(passed, 2);
        assert_eq!(lane.wait(row, at(2_000)), 6_200 * SECOND);
        assert_eq!(row.unwrap().end(), at(1_000 + 7 * 7_200));
    }

    #[test]
    fn a_period_of_zero_limits_nothing_and_keeps_the_debt_of_other_lanes() {
        let free = Lane::new(Rate::UNLIMITED, Rate::UNLIMITED);
        assert_eq!(take_all(free, None, at(1_000)).0, 1000);
        let row = Counter {
            fast: at(1_060),
            slow: at(900),
        };
        let expected = Counter {
            fast: at(1_060),
            slow: at(1_000),
        };
        assert_eq!(free.charged(Some(row), at(1_000)), Some(expected));
    }

    #[test]
    fn a_burst_of_zero_allows_none() {
        let lane = Lane::new(Rate::UNLIMITED, rate(0, 1));
        assert_eq!(lane.wait(None, at(1_000)), SECOND);
        assert_eq!(lane.charged(None, at(1_000)), None);
    }

    #[test]
    fn a_fraction_of_a_millisecond_is_a_whole_one() {
        let lane = Lane::new(Rate::new(3, Duration::from_nanos(1)), Rate::UNLIMITED);
        assert_eq!(take_all(lane, None, at(1_000)).0, 3);
    }

    #[test]
    fn lanes_with_other_numbers_share_a_row_up_to_the_ceiling() {
        let wide = Lane::new(Rate::UNLIMITED, rate(300, 180));
        let narrow = Lane::new(Rate::UNLIMITED, rate(3, 3600)).with_ceiling(300 * 180 * SECOND);
        let (_, row) = take_all(wide, None, at(1_000));
        assert_eq!(narrow.charged(row, at(1_000)), None);
        assert_eq!(narrow.wait(row, at(1_000)), (300 * 180 - 2 * 3600) * SECOND);
        // Without the ceiling that debt would look like one of a wrong clock.
        assert!(
            Lane {
                ceiling: Duration::ZERO,
                ..narrow
            }
            .charged(row, at(1_000))
            .is_some()
        );
    }

    #[test]
    fn clocks_that_differ_a_little_open_nothing() {
        let lane = Lane::new(rate(5, 60), rate(15, 7200));
        let (_, row) = take_all(lane, None, at(10_000));
        assert_eq!(take_all(lane, row, at(10_000 - 3600)).0, 0);
    }

    #[test]
    fn the_row_of_a_clock_that_was_ahead_counts_as_none() {
        let lane = Lane::new(rate(5, 60), rate(15, 7200));
        let (_, row) = take_all(lane, None, at(1_000_000_000));
        let (passed, row) = take_all(lane, row, at(1_000));
        assert_eq!(passed, 5);
        assert_eq!(row.unwrap().end(), at(1_000 + 5 * 7_200));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_never_more() {
        let lane = Lane::new(rate(5, 60), rate(15, 7200));
        let (_, row) = take_all(lane, None, at(1_000));
        let row = row.unwrap().given_back(60 * SECOND, 7200 * SECOND);
        assert_eq!(take_all(lane, Some(row), at(1_000)).0, 1);
        let row = row.given_back(Duration::MAX, Duration::MAX);
        assert_eq!(take_all(lane, Some(row), at(1_000)).0, 5);
    }

    #[test]
    fn no_number_panics_or_allows_more_than_the_burst() {
        let moments = [
            0,
            1,
            1_700_000_000,
            i64::MAX.unsigned_abs() / 1000,
            u64::MAX,
        ]
        .map(at);
        let periods = [
            Duration::from_nanos(1),
            SECOND,
            Duration::from_secs(u64::MAX / 4000),
            Duration::MAX,
        ];
        for burst in [0, 1, 2, 3, u32::MAX] {
            for period in periods {
                for ceiling in periods {
                    let rate = Rate::new(burst, period);
                    let lane = Lane::new(rate, rate).with_ceiling(ceiling);
                    for now in moments {
                        assert!(take_all(lane, None, now).0 <= burst);
                        for end in moments {
                            let row = Some(Counter {
                                fast: end,
                                slow: end,
                            });
                            let allowed = lane.charged(row, now).is_some();
                            assert_eq!(allowed, lane.wait(row, now).is_zero());
                        }
                    }
                }
            }
        }
    }
}

//! Lanes and refunds as statements and scripts know them: in milliseconds.

use std::time::Duration;

use super::change::Refund;
use super::lane::{CLOCK_TOLERANCE, Lane, Rate};

/// A lane in milliseconds, for each rate what a charge costs, how much debt there may be then, and
/// how much a row is believed to have. A cost of zero limits nothing. All numbers fit an `i64`
/// together with a moment.
pub(in crate::store) fn lane_millis(lane: &Lane) -> [i64; 6] {
    let [fast, fast_most, fast_believed] = rate_millis(lane.fast, Duration::ZERO);
    let [slow, slow_most, slow_believed] = rate_millis(lane.slow, lane.ceiling);
    [
        fast,
        fast_most,
        fast_believed,
        slow,
        slow_most,
        slow_believed,
    ]
}

fn rate_millis(rate: Rate, ceiling: Duration) -> [i64; 3] {
    let cost = millis(rate.period);
    if cost == 0 {
        // A lane that limits this rate may use the same row: its debt stays.
        return [0, 0, LONGEST];
    }
    let most = cost.saturating_mul(rate.burst.into()).min(LONGEST);
    [
        cost,
        most,
        most.max(millis(ceiling)) + millis(CLOCK_TOLERANCE),
    ]
}

/// The debts of a refund, in milliseconds.
pub(in crate::store) fn refund_millis(refund: &Refund) -> [i64; 2] {
    [millis(refund.fast), millis(refund.slow)]
}

/// Rounds up, as a charge does.
fn millis(duration: Duration) -> i64 {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    i64::try_from(millis).map_or(LONGEST, |millis| millis.min(LONGEST))
}

/// A thousand years. A number of Lua is exact up to 285,000.
const LONGEST: i64 = 1000 * 365 * 24 * 3600 * 1000;

//! The numbers of the throttle.

use std::time::Duration;

use super::keys::SHARDS;
use crate::store::{Lane, Rate};

/// What each counter of the throttle allows: so many at once, then one per period, at two rates.
///
/// | counter | of | fast | slow | why |
/// |---|---|---|---|---|
/// | `mark` | device mark | 5, 30 s | 12, 2 h | a known device; strangers never touch it |
/// | `pair` | name, network | 5, 60 s | 15, 2 h | 27 a day |
/// | `home` | name, block | 5, 60 s | 12, 2 h | familiar block, other address |
/// | `open` | name | | 30, 30 min | all strangers: 78 on the first day, then 48 |
/// | `back` | name | | 50, 15 min | strangers that waited: 146, then 96 |
/// | `spent` | name, realm | | 1, 7 d | one guess of `back` a realm a week |
/// | `network` | network | 100, 1 s | 300, 3 min | one guess each at many accounts |
/// | `block` | block | 400, ¼ s | 1200, 45 s | the same |
/// | `network_in_siege` | the same row | 100, 1 s | 3, 1 h | |
/// | `block_in_siege` | the same row | 400, ¼ s | 24, 15 min | |
/// | `siege_shard` | the service | | 350, 96 s | failures of strangers, in 16 rows by network |
/// | `credit` | name | | 3, 1 h | how often a success counts for its network |
///
/// A network and a block have two rows: one where they are familiar to the name, one where not.
///
/// The tests of the crate have a simulation, and reproduce what these numbers do. Others have to be
/// simulated first: `tests/throttle`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budgets {
    /// The guesses of a known device.
    pub mark: Lane,
    /// The guesses of a network at a name.
    pub pair: Lane,
    /// The guesses at a name from a familiar block, beside its familiar network.
    pub home: Lane,
    /// The guesses of all strangers at a name.
    pub open: Lane,
    /// The guesses at a name of strangers that have waited.
    pub back: Lane,
    /// The guesses of `back` of one realm.
    pub spent: Lane,
    /// The guesses of a network.
    pub network: Lane,
    /// The guesses of a block.
    pub block: Lane,
    /// The guesses of an unfamiliar network in a siege.
    pub network_in_siege: Lane,
    /// The guesses of an unfamiliar block in a siege.
    pub block_in_siege: Lane,
    /// The failures of strangers, in each of 16 rows. They are counted further than where a siege
    /// begins, so that bursts count.
    pub siege_shard: Lane,
    /// The debt of all 16 rows above which there is a siege: many networks guess at many accounts.
    /// Then a stranger waits once, and networks have little. `None` is never.
    pub siege: Option<Duration>,
    /// How often a name's success gives its network more back than it took.
    pub credit: Lane,
    /// How long a network is familiar after a success.
    pub familiar: Duration,
}

impl Default for Budgets {
    fn default() -> Self {
        let pair = Rate::new(5, MINUTE);
        let (network, block) = network(300, 3 * MINUTE);
        Self {
            mark: Lane::new(Rate::new(5, 30 * SECOND), Rate::new(12, 2 * HOUR)),
            pair: Lane::new(pair, Rate::new(15, 2 * HOUR)),
            home: Lane::new(pair, Rate::new(12, 2 * HOUR)),
            open: slowly(30, 30 * MINUTE),
            back: slowly(50, 15 * MINUTE),
            spent: slowly(1, 7 * DAY),
            network_in_siege: Lane::new(network.fast, Rate::new(3, HOUR)),
            block_in_siege: Lane::new(block.fast, Rate::new(24, 15 * MINUTE)),
            network,
            block,
            siege_shard: slowly(350, 6 * SECOND * SHARDS as u32),
            siege: Some(2000 * 6 * SECOND * SHARDS as u32),
            credit: slowly(3, HOUR),
            familiar: 90 * DAY,
        }
    }
}

impl Budgets {
    /// Changes what all strangers have at a name in a day, in the same ratio.
    pub(super) fn set_strangers_per_day(&mut self, n: u32) {
        let share = |of: u64| {
            u32::try_from(u64::from(n) * of / 144)
                .unwrap_or(u32::MAX)
                .max(1)
        };
        self.open = slowly(share(30), 3 * DAY / n.max(1));
        self.back = slowly(share(50), 3 * DAY / n.max(1) / 2);
    }

    /// Changes what a network has outside a siege. A block has four times as much.
    pub(super) fn set_network(&mut self, n: u32, per: Duration) {
        (self.network, self.block) = network(n, per);
    }
}

/// Returns the lanes of a network and of a block.
pub(super) fn network(n: u32, per: Duration) -> (Lane, Lane) {
    (
        Lane::new(Rate::new(100, SECOND), Rate::new(n, per)),
        Lane::new(
            Rate::new(400, SECOND / 4),
            Rate::new(n.saturating_mul(4), per / 4),
        ),
    )
}

const fn slowly(burst: u32, period: Duration) -> Lane {
    Lane::new(Rate::UNLIMITED, Rate::new(burst, period))
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);

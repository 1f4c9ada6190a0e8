//! The settings of a throttle, ready to be asked.

use super::error::NameTag;
use super::keys::RowKeys;
use super::lanes::Budgets;
use super::mark::MarkKeys;
use super::places::Place;
use super::settings::{LoginThrottle, NamedNetwork};
use super::siege::SiegeLog;
use crate::error::ConfigError;
use crate::keys::Secret;
use crate::store::{Lane, SessionOwner};

/// The settings, with keys from the secret.
pub(super) struct Rule {
    pub(super) budgets: Budgets,
    pub(super) marks: MarkKeys,
    pub(super) keys: RowKeys,
    pub(super) count_as: fn(&str) -> String,
    pub(super) siege: SiegeLog,
    networks: Vec<NamedNetwork>,
}

impl Rule {
    /// Takes the keys of these applications: the first one makes marks, and marks of all of them
    /// are accepted. Without any, the keys are those of no application.
    pub(super) fn new(
        settings: LoginThrottle,
        secret: &Secret,
        owners: &[SessionOwner],
    ) -> Result<Self, ConfigError> {
        let owners: Vec<String> = owners.iter().map(name).collect();
        let own = owners.first().map_or("", |own| own);
        settings.problems.finish()?;
        let (mut budgets, mut networks) = (settings.budgets, settings.networks);
        // A block may have addresses of a network that has a name, and others: lanes with other
        // numbers charge one row. None of them may take the debt of another for a wrong clock's.
        let named = networks
            .iter_mut()
            .flat_map(|named| [&mut named.lanes.0, &mut named.lanes.1]);
        let mut sharing: Vec<&mut Lane> = named.collect();
        sharing.extend([
            &mut budgets.network,
            &mut budgets.block,
            &mut budgets.network_in_siege,
            &mut budgets.block_in_siege,
        ]);
        let limit = |lane: &&mut Lane| lane.slow.period.saturating_mul(lane.slow.burst);
        let most = sharing.iter().map(limit).max().unwrap_or_default();
        for lane in sharing {
            lane.ceiling = lane.ceiling.max(most);
        }
        Ok(Self {
            budgets,
            marks: MarkKeys::new(secret, &owners, settings.mark_lifetime),
            keys: RowKeys::new(secret, own, settings.slot_bits),
            count_as: settings.count_as,
            siege: SiegeLog::new(),
            networks,
        })
    }

    /// Returns the tag of a name, as it is counted.
    pub(super) fn name_tag(&self, counted: &str) -> NameTag {
        NameTag(self.keys.tag(*b"thNm", counted.as_bytes()))
    }

    /// Returns the lanes of a network that the application has named. The last one counts.
    pub(super) fn named(&self, place: Option<Place>) -> Option<(Lane, Lane)> {
        let address = place?.address();
        let named = self
            .networks
            .iter()
            .rev()
            .find(|named| named.network.contains(address))?;
        Some(named.lanes)
    }
}

fn name(owner: &SessionOwner) -> String {
    format!("{:016x}", u64::from_be_bytes(*owner.as_bytes()))
}

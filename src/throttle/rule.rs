//! The settings of a throttle, ready to be asked.

use super::keys::RowKeys;
use super::lanes::Budgets;
use super::mark::MarkKeys;
use super::places::Place;
use super::settings::{LoginThrottle, NamedNetwork};
use crate::error::ConfigError;
use crate::keys::Secret;
use crate::store::Lane;

/// The settings, with keys from the secret.
pub(super) struct Rule {
    pub(super) budgets: Budgets,
    pub(super) marks: MarkKeys,
    pub(super) keys: RowKeys,
    pub(super) count_as: fn(&str) -> String,
    networks: Vec<NamedNetwork>,
}

impl Rule {
    pub(super) fn new(settings: LoginThrottle, secret: &Secret) -> Result<Self, ConfigError> {
        settings.problems.finish()?;
        Ok(Self {
            budgets: settings.budgets,
            marks: MarkKeys::new(secret, settings.mark_lifetime),
            keys: RowKeys::new(secret, settings.slot_bits),
            count_as: settings.count_as,
            networks: settings.networks,
        })
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

//! [`IssuerIndex`] finds the verifier of a token's issuer among many.

use std::collections::HashMap;

use super::accepted_issuer::AcceptedIssuer;
use super::error::list;

/// The places of verifiers by their issuers.
///
/// Anyone can send tokens of an issuer that is not among them. So that these cost less than good
/// ones, nothing is compared with each of the issuers, and their names are written once.
#[derive(Clone, Debug, Default)]
pub(super) struct IssuerIndex {
    by_name: HashMap<String, usize>,
    /// The places of issuers with tenants.
    with_tenants: Vec<usize>,
    shown: String,
}

impl IssuerIndex {
    pub(super) fn of<'i>(issuers: impl Iterator<Item = &'i AcceptedIssuer>) -> Self {
        let issuers: Vec<_> = issuers.collect();
        let mut index = Self {
            shown: list(issuers.iter().map(|issuer| issuer.name().as_str())),
            ..Self::default()
        };
        for (place, issuer) in issuers.into_iter().enumerate() {
            match issuer.only() {
                Some(name) => {
                    index.by_name.insert(name.to_string(), place);
                }
                None => index.with_tenants.push(place),
            }
        }
        index
    }

    /// Returns the places of the verifiers that may accept this `iss`.
    pub(super) fn places(&self, iss: &str) -> impl Iterator<Item = usize> {
        let named = self.by_name.get(iss).copied();
        named.into_iter().chain(self.with_tenants())
    }

    /// Returns the places of issuers with tenants.
    pub(super) fn with_tenants(&self) -> impl Iterator<Item = usize> {
        self.with_tenants.iter().copied()
    }

    /// Returns the first of the issuers, as a log line shows them.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }
}

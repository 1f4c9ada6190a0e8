//! [`AcceptedIssuer`] is the issuer whose tokens a verifier accepts, or all tenants of one.

use super::tenants::Tenants;
use crate::error::ConfigError;
use crate::keys::Key;
use crate::names::Issuer;

/// The issuer of a verifier's tokens.
#[derive(Clone, Debug)]
pub(super) enum AcceptedIssuer {
    One(Issuer),
    /// An issuer that puts the tenant into its name.
    Pattern {
        /// The name, with a placeholder in braces.
        pattern: Issuer,
        /// The places of the braces.
        braces: (usize, usize),
        tenants: Tenants,
    },
}

impl AcceptedIssuer {
    pub(super) fn one(name: &str) -> Result<Self, ConfigError> {
        Issuer::new(name).map(Self::One)
    }

    pub(super) fn pattern(pattern: &str, tenants: Tenants) -> Result<Self, ConfigError> {
        let braces = pattern.find('{').zip(pattern.find('}'));
        let one_pair = pattern.matches(['{', '}']).count() == 2;
        let Some(braces) = braces.filter(|(open, close)| one_pair && open + 1 < *close) else {
            return Err(ConfigError::from_static(
                "the pattern of an issuer has one placeholder, as in \
                 https://id.example.com/{tenant}/v2.0",
            ));
        };
        if tenants.is_empty() {
            return Err(ConfigError::from_static(
                "the list of tenants is empty, so no token could pass. Name a tenant, or use \
                 `Tenants::from_fn`",
            ));
        }
        if !tenants.are_all(is_tenant) {
            return Err(ConfigError::from_static(
                "a tenant of the list has other characters than letters, digits and -._~. Name \
                 the part of `iss` that is in the place of the placeholder",
            ));
        }
        Ok(Self::Pattern {
            pattern: Issuer::new(pattern)?,
            braces,
            tenants,
        })
    }

    /// Returns the issuer of a token with this `iss`, if it is accepted.
    pub(super) fn accept(&self, iss: &str) -> Option<Issuer> {
        match self {
            Self::One(issuer) => (issuer.as_str() == iss).then(|| issuer.clone()),
            Self::Pattern { tenants, .. } => {
                let tenant = self.tenant(iss)?;
                tenants.include(tenant).then(|| Issuer::new(iss).ok())?
            }
        }
    }

    /// Returns whether it would accept an issuer that it has accepted before. A list of tenants
    /// stays as it is, and a function may have changed its mind.
    pub(super) fn still_accepts(&self, issuer: &Issuer) -> bool {
        match self {
            Self::One(own) => own == issuer,
            Self::Pattern { .. } => self.accept(issuer.as_str()).is_some(),
        }
    }

    /// Returns the name, if it is one.
    pub(super) fn only(&self) -> Option<&Issuer> {
        match self {
            Self::One(issuer) => Some(issuer),
            Self::Pattern { .. } => None,
        }
    }

    /// Returns the issuer, or the pattern of issuers.
    pub(super) fn name(&self) -> &Issuer {
        match self {
            Self::One(issuer) => issuer,
            Self::Pattern { pattern, .. } => pattern,
        }
    }

    /// Returns whether a key signs tokens with this `iss`. The tenants of an issuer have one set,
    /// and a key in it may be that of one tenant: its member `issuer` says so.
    ///
    /// A verifier of one tenant may have that set too. It may also know the tenant by another name
    /// than the set does, on another host: version 1 of Entra ID is `sts.windows.net`.
    pub(super) fn has(&self, key: &Key, iss: Option<&str>) -> bool {
        let Some(owner) = key.issuer.as_deref().filter(|owner| !owner.contains('{')) else {
            return true;
        };
        match self {
            Self::One(issuer) => {
                owner == issuer.as_str() || !have_same_origin(owner, issuer.as_str())
            }
            Self::Pattern { .. } => Some(owner) == iss,
        }
    }

    /// Returns whether a token could be for both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let (own, others) = (self.name().as_str(), other.name().as_str());
        match (self.around(), other.around()) {
            // The name of the placeholder does not matter.
            (Some(own), Some(others)) => own == others,
            _ => own == others || self.accept(others).is_some() || other.accept(own).is_some(),
        }
    }

    /// Returns what is before and after the tenant.
    fn around(&self) -> Option<(&str, &str)> {
        let Self::Pattern {
            pattern,
            braces: (open, close),
            ..
        } = self
        else {
            return None;
        };
        Some((&pattern.as_str()[..*open], &pattern.as_str()[close + 1..]))
    }

    /// Returns the tenant that this `iss` names. It has no slash, so it cannot lead into another
    /// part of the pattern.
    pub(super) fn tenant<'i>(&self, iss: &'i str) -> Option<&'i str> {
        let (before, after) = self.around()?;
        let tenant = iss.strip_prefix(before)?.strip_suffix(after)?;
        is_tenant(tenant).then_some(tenant)
    }
}

/// Returns whether both are URLs with the same scheme, host and port.
fn have_same_origin(one: &str, other: &str) -> bool {
    origin(one)
        .zip(origin(other))
        .is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}

fn origin(url: &str) -> Option<&str> {
    let host = url.find("://")? + "://".len();
    let path = url[host..].find('/').map_or(url.len(), |path| host + path);
    Some(&url[..path])
}

fn is_tenant(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (1..=MAX_TENANT_BYTES).contains(&text.len()) && text.bytes().all(is_plain)
}

const MAX_TENANT_BYTES: usize = 128;

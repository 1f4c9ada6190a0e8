//! [`Names`] are the issuer and the audience of the sessions, and those that they had before.

use crate::error::{ConfigError, Problems};
use crate::names::{Audience, Issuer};
use crate::store::SessionOwner;
use crate::token::AccessTokenVerifier;

/// The issuer and the audience of the sessions, and those that they had before.
///
/// A name is always a pair: the issuer of one pair with the audience of another is a stranger.
pub(super) struct Names {
    own: Name,
    former: Vec<Name>,
}

type Name = (Issuer, Audience);

impl Names {
    /// Reads the names of a builder. The own ones are `None` if they were wrong, which the builder
    /// has noted.
    pub(super) fn read(
        own: Option<Name>,
        former: &[(String, String)],
        problems: &mut Problems,
    ) -> Option<Self> {
        if former.len() > MAX_FORMER {
            problems.note::<()>(Err(ConfigError::new(format!(
                "the sessions have {} former names. The maximum is {MAX_FORMER}: leave out those \
                 whose sessions have all ended",
                former.len()
            ))));
        }
        let mut read = Vec::new();
        for (issuer, audience) in former {
            let issuer = problems.note(Issuer::new(issuer));
            let audience = problems.note(Audience::new(audience));
            read.extend(issuer.zip(audience));
        }
        let own = own?;
        if read.contains(&own) {
            problems.note::<()>(Err(ConfigError::new(format!(
                "the names issuer {}, audience {} are both the current and the former ones. Give \
                 `former_names` those from before the change",
                own.0, own.1
            ))));
        }
        Some(Self { own, former: read })
    }

    /// Returns the owners of the rows, the current one first.
    pub(super) fn owners(&self) -> Vec<SessionOwner> {
        self.all()
            .map(|(issuer, audience)| SessionOwner::of(issuer, audience))
            .collect()
    }

    /// Returns the audiences on which the keys of refresh tokens depend, the current one first.
    pub(super) fn audiences(&self) -> Vec<&Audience> {
        distinct(self.all().map(|(_, audience)| audience))
    }

    /// Returns the verifier of access tokens with the current issuer, and one for each former
    /// issuer.
    pub(super) fn verifiers(
        &self,
        own: &AccessTokenVerifier,
    ) -> (AccessTokenVerifier, Vec<AccessTokenVerifier>) {
        let audiences = |issuer: &Issuer| {
            let same = self.all().filter(|name| name.0 == *issuer);
            distinct(same.map(|(_, audience)| audience.clone()))
        };
        let of = |issuer: &Issuer| own.with_names(issuer.clone(), audiences(issuer));
        let former = distinct(self.former.iter().map(|(issuer, _)| issuer));
        let others = former.into_iter().filter(|issuer| **issuer != self.own.0);
        (of(&self.own.0), others.map(of).collect())
    }

    pub(super) fn own(&self) -> &Name {
        &self.own
    }

    fn all(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(&self.own).chain(&self.former)
    }
}

fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}

/// Each former audience is one more key that a refresh token is compared with.
const MAX_FORMER: usize = 8;

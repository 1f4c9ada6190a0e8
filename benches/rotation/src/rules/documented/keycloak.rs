//! Keycloak, where *Revoke Refresh Token* is on.
//!
//! Each login has a `reuse_id`, which its refresh tokens inherit
//! (<https://github.com/keycloak/keycloak/pull/29966>). For each of them the server notes which
//! token was used last, how often, and when it made one last. A token may be used *Refresh Token
//! Max Reuse* times more, zero by default. Any other token that is older than the last refresh is
//! stale, and ends the client's session. Times are whole seconds.
//!
//! Since 26.8 the server also notes which token it made last, and any other one of the same second
//! is stale too (<https://github.com/keycloak/keycloak/pull/51885>).
//!
//! A session of the simulation has one login, so one `reuse_id`.

use super::family::{Documented, Family};
use crate::rule::{Millis, SECOND};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Before26_8,
    Since26_8,
}

#[derive(Debug)]
pub struct Keycloak {
    version: Version,
    max_reuse: u32,
    last: Option<Last>,
}

/// The token that was used last.
#[derive(Clone, Copy, Debug)]
struct Last {
    token: usize,
    uses: u32,
    refreshed: Millis,
}

impl Keycloak {
    pub fn new(version: Version, max_reuse: u32) -> Self {
        Self {
            version,
            max_reuse,
            last: None,
        }
    }

    fn is_stale(&self, family: &Family, token: usize) -> bool {
        let Some(last) = self.last.filter(|last| last.token != token) else {
            return false;
        };
        let made = family.of(token).made / SECOND;
        let refreshed = last.refreshed / SECOND;
        match self.version {
            Version::Before26_8 => made < refreshed,
            Version::Since26_8 => token != family.newest() && made <= refreshed,
        }
    }
}

impl Documented for Keycloak {
    fn begin(&mut self, _: usize) {
        self.last = None;
    }

    fn present(&mut self, family: &mut Family, token: usize, now: Millis) -> Option<usize> {
        if self.is_stale(family, token) {
            return None;
        }
        let last = self.last.filter(|last| last.token == token);
        let uses = last.map_or(0, |last| last.uses);
        if uses > self.max_reuse {
            return None;
        }
        self.last = Some(Last {
            token,
            uses: uses + 1,
            refreshed: now,
        });
        Some(family.issue(Some(token), now))
    }
}

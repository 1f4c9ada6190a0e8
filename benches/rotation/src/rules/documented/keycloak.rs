//! Keycloak, where *Revoke Refresh Token* is on.
//!
//! <https://www.keycloak.org/docs/latest/server_admin/#_timeouts> and the help of the setting
//! *Refresh Token Max Reuse*: the number of times that a token can be reused, zero by default. When
//! a different token is used, the revocation is immediate. A revoked token that comes back ends the
//! client's session (<https://github.com/keycloak/keycloak/pull/8130>).

use super::family::{Documented, Family};
use crate::rule::Millis;

#[derive(Debug)]
pub struct Keycloak {
    pub max_reuse: u32,
    /// The token that was used last, and when.
    last: Option<(usize, Millis)>,
}

impl Keycloak {
    pub fn new(max_reuse: u32) -> Self {
        Self {
            max_reuse,
            last: None,
        }
    }
}

impl Documented for Keycloak {
    fn begin(&mut self, _: usize) {
        self.last = None;
    }

    fn present(&mut self, family: &mut Family, token: usize, now: Millis) -> Option<usize> {
        let member = family.of(token);
        let is_revoked = self
            .last
            .is_some_and(|(last, used)| last != token && member.made < used);
        if is_revoked || member.uses > self.max_reuse {
            return None;
        }
        self.last = Some((token, now));
        Some(family.issue(Some(token), now))
    }
}

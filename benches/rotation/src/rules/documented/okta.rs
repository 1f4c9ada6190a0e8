//! Okta: rotation with a grace period.
//!
//! <https://developer.okta.com/docs/guides/refresh-tokens/main/>: the previous token stays valid
//! for 30 seconds by default, from 0 to 60, so that clients can get the new token. Any other used
//! token invalidates the newest one.
//!
//! Left open is what the previous token gets. Here it is the identical new one. `superseding.rs`
//! has the other reading.

use super::family::{Documented, Family};
use crate::rule::Millis;

#[derive(Debug)]
pub struct Okta {
    pub grace: Millis,
}

impl Documented for Okta {
    fn present(&mut self, family: &mut Family, token: usize, now: Millis) -> Option<usize> {
        let newest = family.newest();
        if token == newest {
            return Some(family.issue(Some(token), now));
        }
        let is_in_time = now - family.of(newest).made < self.grace;
        (family.is_previous(token) && is_in_time).then_some(newest)
    }
}

//! Auth0: rotation with an overlap.
//!
//! <https://auth0.com/docs/secure/tokens/refresh-tokens/configure-refresh-token-rotation>: within
//! the interval a new rotating token is issued, for the previous token alone. The second-to-last
//! one triggers breach detection, within the interval too, and so does any used one after it. The
//! interval is zero by default (`leeway` of the management API).
//!
//! Left open is whether the token that was issued first stays valid beside its sibling. Here it
//! does; `superseding.rs` has the other reading.

use super::family::{Documented, Family};
use crate::rule::Millis;

#[derive(Debug)]
pub struct Auth0 {
    pub overlap: Millis,
}

impl Documented for Auth0 {
    fn present(&mut self, family: &mut Family, token: usize, now: Millis) -> Option<usize> {
        let member = family.of(token);
        let may = match member.first_used {
            None => true,
            Some(used) => now - used < self.overlap && !member.is_outdone,
        };
        may.then(|| family.issue(Some(token), now))
    }
}

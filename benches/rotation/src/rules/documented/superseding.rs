//! The strict reading of Auth0 and of Okta: a second new token replaces the first.
//!
//! Both documents say that the previous token gets a new one within the overlap, and that only the
//! previous token may be used again. Here the newest token alone is valid beside it, so the sibling
//! that was issued first is a used one, and ends the family when it is presented. `auth0.rs` and
//! `okta.rs` have the lenient readings.

use super::family::{Documented, Family};
use crate::rule::Millis;

#[derive(Debug)]
pub struct Superseding {
    /// From the first use of a token.
    pub overlap: Millis,
}

impl Documented for Superseding {
    fn present(&mut self, family: &mut Family, token: usize, now: Millis) -> Option<usize> {
        let is_in_time = family
            .of(token)
            .first_used
            .is_some_and(|used| now - used < self.overlap);
        let counts = token == family.newest() || family.is_previous(token) && is_in_time;
        counts.then(|| family.issue(Some(token), now))
    }
}

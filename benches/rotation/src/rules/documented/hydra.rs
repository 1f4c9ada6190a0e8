//! Ory Hydra: graceful refresh.
//!
//! <https://www.ory.com/docs/hydra/guides/graceful-token-refresh>: within the grace period each use
//! of a token gives new tokens. A use after it revokes the whole chain. The period is off by
//! default, 60 seconds in the example, and 5 minutes at most without a limit on the uses.

use super::family::{Documented, Family};
use crate::rule::Millis;

#[derive(Debug)]
pub struct Hydra {
    pub grace: Millis,
}

impl Documented for Hydra {
    fn present(&mut self, family: &mut Family, token: usize, now: Millis) -> Option<usize> {
        let may = family
            .of(token)
            .first_used
            .is_none_or(|used| now - used < self.grace);
        may.then(|| family.issue(Some(token), now))
    }
}

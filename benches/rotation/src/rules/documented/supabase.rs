//! Supabase: a reuse interval, and an exception for the parent of the active token.
//!
//! <https://supabase.com/docs/guides/auth/sessions>: a token may be used more than once within ten
//! seconds, and the parent of the active token gets the active token at any time. Any other reuse
//! ends the session.
//!
//! Within the interval the active token is returned here, too.

use super::family::{Documented, Family};
use crate::rule::Millis;

#[derive(Debug)]
pub struct Supabase {
    pub interval: Millis,
}

impl Documented for Supabase {
    fn present(&mut self, family: &mut Family, token: usize, now: Millis) -> Option<usize> {
        let Some(used) = family.of(token).first_used else {
            return Some(family.issue(Some(token), now));
        };
        let counts = family.is_previous(token) || now - used < self.interval;
        counts.then(|| family.newest())
    }
}

//! [`Entered`] are the last sessions that this process has revoked one by one.

use std::collections::HashMap;
use std::mem;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::limits::REVOCATION_RETENTION;
use crate::names::SessionId;

/// The last sessions, up to 10,000, that this process has revoked one by one, or entered into the
/// feed again. Each is kept while access tokens of it may be accepted.
///
/// The caller knows of such a session, and gives it back if the store loses it. So it need not be
/// entered once more. Otherwise a client that logs out again and again would make the feed grow
/// without a bound.
#[derive(Default)]
pub(super) struct Entered(Mutex<Known>);

#[derive(Default)]
struct Known {
    newer: HashMap<SessionId, Instant>,
    /// The ones before. They are forgotten when the newer ones are too many.
    older: HashMap<SessionId, Instant>,
}

impl Entered {
    pub(super) fn note(&self, id: SessionId) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.newer.len() >= MOST / 2 {
            known.older = mem::take(&mut known.newer);
        }
        known.newer.insert(id, Instant::now());
    }

    pub(super) fn contains(&self, id: &SessionId) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.newer.get(id).or_else(|| known.older.get(id));
        at.is_some_and(|at| at.elapsed() < REVOCATION_RETENTION)
    }
}

/// They take less than a megabyte.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_session_is_known_for_a_while_and_the_oldest_are_forgotten_first() {
        let entered = Entered::default();
        let id = |number: u128| SessionId::from_bytes(number.to_le_bytes());
        for number in 0..20_000 {
            entered.note(id(number));
        }
        let is_known = |number| entered.contains(&id(number));
        let known = (0..20_000).filter(|number| is_known(*number)).count();
        assert!((MOST / 2..=MOST).contains(&known), "{known}");
        assert!(is_known(19_999));
        assert!(!is_known(0));
        tokio::time::advance(REVOCATION_RETENTION).await;
        assert!(!is_known(19_999));
        entered.note(id(19_999));
        assert!(is_known(19_999));
    }
}

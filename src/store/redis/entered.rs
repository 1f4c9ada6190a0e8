//! [`Entered`] are the sessions that this process has revoked lately.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::names::SessionId;

/// The sessions that this process has entered into the feed lately, in revocations that succeeded.
///
/// It gives them back if the store loses them, so they need not be entered again. Otherwise a
/// client that logs out again and again would make the feed grow without a bound.
#[derive(Default)]
pub(super) struct Entered(Mutex<HashMap<SessionId, Instant>>);

impl Entered {
    pub(super) fn note(&self, ids: &[SessionId]) {
        let now = Instant::now();
        let mut entered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entered.len() + ids.len() > MOST {
            entered.retain(|_, at| now.duration_since(*at) < LATELY);
        }
        let room = MOST.saturating_sub(entered.len());
        entered.extend(ids.iter().take(room).map(|id| (*id, now)));
    }

    pub(super) fn contains(&self, id: &SessionId) -> bool {
        let entered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = entered.get(id);
        at.is_some_and(|at| at.elapsed() < LATELY)
    }
}

const LATELY: Duration = Duration::from_secs(600);
/// They take less than a megabyte.
const MOST: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_session_is_known_for_a_while_and_never_too_many_are() {
        let entered = Entered::default();
        let id = |number: u128| SessionId::from_bytes(number.to_le_bytes());
        let many: Vec<SessionId> = (0..20_000).map(id).collect();
        entered.note(&many);
        let known = || many.iter().filter(|id| entered.contains(id)).count();
        assert_eq!(known(), MOST);
        entered.note(&[id(30_000)]);
        assert!(!entered.contains(&id(30_000)));
        tokio::time::advance(LATELY).await;
        assert_eq!(known(), 0);
        entered.note(&[id(30_000)]);
        assert!(entered.contains(&id(30_000)));
    }
}

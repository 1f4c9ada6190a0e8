//! [`Untold`] are ended sessions of which the store could not be told once more.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::names::SessionId;

/// Sessions whose rows have ended, where the store failed to revoke them once more, and those whose
/// rows were lost, where it was not told of the logout. The next request that finds such a row, or
/// the next logout, tries it again. Above 1,000 a session is tried once.
#[derive(Default)]
pub(super) struct Untold(Mutex<HashSet<SessionId>>);

impl Untold {
    pub(super) fn add(&self, id: SessionId) {
        let mut untold = self.lock();
        if untold.len() < MOST {
            untold.insert(id);
        }
    }

    pub(super) fn remove(&self, id: &SessionId) {
        self.lock().remove(id);
    }

    pub(super) fn contains(&self, id: &SessionId) -> bool {
        self.lock().contains(id)
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<SessionId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const MOST: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_bound() {
        let untold = Untold::default();
        let id = |number: u128| SessionId::from_bytes(number.to_le_bytes());
        (0..2000).for_each(|number| untold.add(id(number)));
        let are_known = (0..2000).filter(|number| untold.contains(&id(*number)));
        assert_eq!(are_known.count(), MOST);
        untold.remove(&id(0));
        assert!(!untold.contains(&id(0)));
    }
}

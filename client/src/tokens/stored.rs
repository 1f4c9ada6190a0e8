//! [`Kept`] comes from the store, which another process may have changed. [`Unsaved`] goes there.

use std::cmp::Ordering;
use std::mem;
use std::sync::Arc;

use super::held::{Held, Tokens};
use super::pair::Pair;
use crate::secret::Secret;

/// What a store has.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) pair: Option<Pair>,
    pub(crate) mark: Option<Secret>,
    /// Grows with every write, so it tells which of two is the newer one.
    pub(crate) stamp: u64,
}

/// What has to be stored.
pub(crate) struct Unsaved {
    pub(crate) pair: Option<Arc<Pair>>,
    pub(crate) mark: Option<Secret>,
    pub(crate) stamp: u64,
    change: u64,
}

impl Tokens {
    /// Takes in what another process has stored. Without `Kept` the store has nothing.
    pub(crate) fn take_in(&self, kept: Option<Kept>) {
        let mut held = self.held();
        let Some(kept) = kept else {
            // Another process has forgotten all.
            if mem::take(&mut held.saved.is_stored) && !held.saved.is_own_mark {
                held.mark = None;
            }
            return;
        };
        let ours = held.next.clone().or(held.pair.clone());
        let saved = &mut held.saved;
        let has_none = ours.is_none() && !saved.is_forgotten;
        // What is saved here was in the store: another write with its stamp came later.
        let is_newer = match kept.stamp.cmp(&saved.stamp) {
            Ordering::Less => has_none,
            Ordering::Equal => has_none || saved.is_saved(),
            Ordering::Greater => true,
        };
        saved.is_stored = true;
        saved.stamp = saved.stamp.max(kept.stamp);
        if saved.is_own || !is_newer {
            return;
        }
        if !saved.is_own_mark {
            held.mark = kept.mark;
        }
        match (ours, kept.pair) {
            // The server decides whether the logout of the other process was that of this login.
            (Some(_), None) => return,
            // It has our refresh token, and an access token from before a re-authentication.
            (Some(ours), Some(theirs))
                if theirs.is_for(&ours)
                    && !theirs.access.is(&ours.access)
                    && !held.saved.is_saved() =>
            {
                return;
            }
            (Some(ours), Some(theirs)) => held.adopt(&ours, theirs),
            (None, Some(theirs)) if has_none => {
                let pair = held.numbered(theirs);
                held.put(pair);
            }
            // This process has logged out, and a later login goes on without it.
            (None, _) => {}
        }
        if !held.saved.is_own_mark {
            let changes = held.saved.changes;
            held.saved.note_saved(changes);
        }
    }

    /// `None`: the store has what is held.
    pub(crate) fn unsaved(&self) -> Option<Unsaved> {
        let (now, held) = (self.now(), self.held());
        let saved = &held.saved;
        // The time is for a store that was emptied meanwhile.
        let now = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        (!saved.is_saved()).then(|| Unsaved {
            pair: held.next.clone().or(held.pair.clone()),
            mark: held.mark.clone(),
            stamp: now.max(saved.stamp.saturating_add(1)),
            change: saved.changes,
        })
    }

    pub(crate) fn note_saved(&self, unsaved: &Unsaved) {
        let mut held = self.held();
        held.saved.note_saved(unsaved.change);
        held.saved.stamp = unsaved.stamp;
        held.saved.is_stored = unsaved.pair.is_some() || unsaved.mark.is_some();
    }

    /// Whether the store has what is held.
    pub(crate) fn is_saved(&self) -> bool {
        self.held().saved.is_saved()
    }

    /// Whether the login here replaces any other that is stored.
    pub(crate) fn replaces_stored(&self) -> bool {
        self.held().saved.is_own
    }
}

impl Held {
    /// Replaces `ours`, unless it is the same.
    fn adopt(&mut self, ours: &Pair, mut theirs: Pair) {
        let is_access_ours = theirs.access.is(&ours.access);
        if theirs.is_for(ours) && is_access_ours {
            return;
        }
        // An access token that was refused stays refused.
        let pair = if is_access_ours {
            theirs.number = ours.number;
            Arc::new(theirs)
        } else {
            self.numbered(theirs)
        };
        self.put(pair);
    }
}

impl Pair {
    /// Whether both are for the same refresh.
    fn is_for(&self, other: &Self) -> bool {
        self.refresh.is(&other.refresh) && self.key.is(&other.key)
    }
}

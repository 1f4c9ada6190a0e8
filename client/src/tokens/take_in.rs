//! What another process has stored, taken in where it is newer than what is held here.

use std::cmp::Ordering;
use std::sync::Arc;

use super::held::{Held, Tokens};
use super::pair::Pair;
use super::stored::Kept;
use super::version::Lineage;

impl Tokens {
    /// Takes in what another process has stored. Without `Kept` the store has nothing.
    pub(crate) fn take_in(&self, kept: Option<Kept>) {
        let mut held = self.held();
        match kept {
            Some(kept) => held.take_in(kept),
            None => held.lose(),
        }
    }
}

impl Held {
    /// Another process has forgotten all, or the user has deleted it: to write it again would undo
    /// that.
    fn lose(&mut self) {
        self.saved.is_stored = false;
        if self.saved.is_own() {
            return;
        }
        self.clear();
        // The same login comes back where its file does. The next login is newer than it.
        self.former = self.lineage.take().or_else(|| self.former.take());
        if !self.saved.is_own_mark() {
            self.mark = None;
            self.saved.note_all_saved();
        }
    }

    fn take_in(&mut self, mut kept: Kept) {
        let age = self.age_of(&kept);
        let is_other = self
            .lineage
            .as_ref()
            .is_none_or(|lineage| !lineage.is_same(&kept.lineage));
        self.saved.is_stored = true;
        if kept.pair.is_some() {
            self.saved.readable = Some(kept.lineage.login());
        }
        if self.saved.is_own_mark() {
            self.marks = self.marks.max(kept.marks.saturating_add(1));
        }
        if self.saved.is_own() {
            if is_other && self.pair.is_some() {
                self.replaces(kept.pair, &kept.lineage);
            }
            let ours = self.lineage.take();
            self.lineage = ours.map(|ours| ours.replacing(&kept.lineage));
            return;
        }
        // Of two that are equal the stored one counts: its key is the one that others send.
        let is_newer = age.is_ge();
        let is_mark_newer =
            !self.saved.is_own_mark() && (kept.marks >= self.marks || is_newer && is_other);
        if is_mark_newer {
            (self.mark, self.marks) = (kept.mark, kept.marks);
        }
        if is_newer {
            if let Some(pair) = &mut kept.pair {
                pair.login = kept.lineage.login();
            }
            self.lineage = Some(kept.lineage);
            self.adopt(kept.pair);
        }
        if is_newer && is_mark_newer {
            self.saved.note_all_saved();
        } else if self.saved.is_saved() {
            // An older write came later, and is replaced by the next one.
            self.saved.note_change();
        }
    }

    /// A login of this process replaces the stored one, whose session would live on.
    fn replaces(&mut self, stored: Option<Pair>, lineage: &Lineage) {
        if let Some(mut pair) = stored {
            pair.login = lineage.login();
            self.note_replaced(Arc::new(pair));
        }
    }

    /// `Greater`: it is newer than what is held.
    fn age_of(&self, kept: &Kept) -> Ordering {
        let Some(ours) = &self.lineage else {
            return Ordering::Greater;
        };
        if ours.is_after(&kept.lineage) {
            return Ordering::Less;
        }
        if !ours.is_same(&kept.lineage) {
            return Ordering::Greater;
        }
        match (self.newest(), &kept.pair) {
            (Some(ours), Some(theirs)) => theirs.generation.cmp(&ours.generation),
            // A login that is over stays so.
            (Some(_), None) => Ordering::Greater,
            (None, Some(_)) => Ordering::Less,
            (None, None) => Ordering::Equal,
        }
    }

    /// Replaces the tokens, unless they are the same.
    fn adopt(&mut self, theirs: Option<Pair>) {
        let ours = self.newest().cloned();
        let Some(mut theirs) = theirs else {
            return self.clear();
        };
        let same_access = ours.filter(|ours| theirs.access.is(&ours.access));
        let pair = match same_access {
            Some(ours) if theirs.is_for(&ours) => return,
            // An access token that was refused stays refused.
            Some(ours) => {
                theirs.number = ours.number;
                Arc::new(theirs)
            }
            None => self.numbered(theirs),
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

//! [`Saved`] is whether the store has what is held.

#[derive(Debug, Default)]
pub(super) struct Saved {
    /// The number of changes so far, and how many of them the store has.
    pub(super) changes: u64,
    saved: u64,
    /// That of what this process has read or written last.
    pub(super) stamp: u64,
    /// Whether there was anything then.
    pub(super) is_stored: bool,
    /// The user has logged in or forgotten all: that replaces what other processes have stored.
    pub(super) is_own: bool,
    pub(super) is_own_mark: bool,
    /// The login that was stored is over.
    pub(super) is_forgotten: bool,
}

impl Saved {
    pub(super) fn note_change(&mut self) {
        self.changes += 1;
    }

    pub(super) fn note_forgotten(&mut self) {
        self.changes += 1;
        self.is_forgotten = true;
    }

    pub(super) fn note_own_change(&mut self) {
        self.changes += 1;
        (self.is_own, self.is_own_mark) = (true, true);
    }

    pub(super) fn note_own_mark(&mut self) {
        self.changes += 1;
        self.is_own_mark = true;
    }

    pub(super) fn is_saved(&self) -> bool {
        self.saved == self.changes
    }

    pub(super) fn note_saved(&mut self, change: u64) {
        self.saved = self.saved.max(change);
        if self.is_saved() {
            (self.is_own, self.is_own_mark, self.is_forgotten) = (false, false, false);
        }
    }
}

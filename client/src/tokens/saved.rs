//! [`Saved`] is whether the store has what is held.

/// Each change has a number. What a change means ends with its own save, also where another change
/// comes before that save is done.
#[derive(Debug, Default)]
pub(super) struct Saved {
    /// The number of changes so far, and how many of them the store has.
    pub(super) changes: u64,
    saved: u64,
    /// The last change that replaces what other processes have stored: the user has logged in or
    /// forgotten all.
    own: u64,
    /// The last change of the mark by this process.
    own_mark: u64,
    /// The login whose tokens the store has, or may have.
    pub(super) readable: Option<u64>,
    /// Whether there was anything when this process read or wrote last.
    pub(super) is_stored: bool,
}

impl Saved {
    pub(super) fn note_change(&mut self) {
        self.changes += 1;
    }

    pub(super) fn note_own_change(&mut self) {
        self.note_own_mark();
        self.own = self.changes;
    }

    pub(super) fn note_own_mark(&mut self) {
        self.changes += 1;
        self.own_mark = self.changes;
    }

    pub(super) fn is_own(&self) -> bool {
        self.own > self.saved
    }

    pub(super) fn is_own_mark(&self) -> bool {
        self.own_mark > self.saved
    }

    pub(super) fn is_saved(&self) -> bool {
        self.saved == self.changes
    }

    pub(super) fn note_saved(&mut self, change: u64) {
        self.saved = self.saved.max(change);
    }

    pub(super) fn note_all_saved(&mut self) {
        self.saved = self.changes;
    }
}

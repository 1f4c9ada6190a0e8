//! [`Lock`] lets one tab refresh at a time, as the SDKs of some services do.

/// The turn of a tab that has the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn(u64);

#[derive(Debug, Default)]
pub struct Lock {
    holder: Option<Turn>,
    turns: u64,
    /// The tabs that wait for it.
    waiting: Vec<u64>,
}

impl Lock {
    /// Gives this tab the lock, or lets it wait until the lock is released.
    pub fn acquire(&mut self, tab: u64) -> Option<Turn> {
        if self.holder.is_some() {
            self.waiting.push(tab);
            return None;
        }
        self.turns += 1;
        self.holder = Some(Turn(self.turns));
        self.holder
    }

    /// Ends a turn, if it has not ended before, and returns the tabs that have waited.
    pub fn release(&mut self, turn: Turn) -> Vec<u64> {
        if self.holder != Some(turn) {
            return Vec::new();
        }
        self.holder = None;
        std::mem::take(&mut self.waiting)
    }
}
